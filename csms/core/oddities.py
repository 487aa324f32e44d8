"""Names of the departures from the standard that no schema sees, as they are counted per station.

What is odd about the shape of a payload has its name in the adapter.  ``docs/quirks.rst`` tells
what is seen and what is done about it.
"""

from __future__ import annotations

from enum import StrEnum


class Oddity(StrEnum):
    """A tolerated departure of a station."""

    # The handshake.
    NO_SUBPROTOCOL = "no_subprotocol"
    ORIGIN_HEADER = "origin_header"
    ENCODED_IDENTITY = "encoded_identity"
    DOUBLED_SLASH = "doubled_slash"
    TRAILING_SLASH = "trailing_slash"
    KEY_AS_HEX = "key_as_hex"
    KEY_AS_TEXT = "key_as_text"
    KEY_AS_BYTES = "key_as_bytes"
    # Frames.
    EMPTY_FRAME = "empty_frame"
    UNREADABLE_FRAME = "unreadable_frame"
    UNKNOWN_MESSAGE_TYPE = "unknown_message_type"
    MALFORMED_CALL = "malformed_call"
    BAD_MESSAGE_ID = "bad_message_id"
    REUSED_MESSAGE_ID = "reused_message_id"
    RESTARTED_MESSAGE_IDS = "restarted_message_ids"
    REFUSED_MESSAGE = "refused_message"
    NULL_PAYLOAD = "null_payload"
    UNSTORABLE_TEXT = "unstorable_text"
    SHORT_CALLERROR = "short_callerror"
    MALFORMED_ANSWER = "malformed_answer"
    LATE_ANSWER = "late_answer"
    REPEATED_ANSWER = "repeated_answer"
    UNASKED_ANSWER = "unasked_answer"
    ANSWER_DISPUTED = "answer_disputed"
    UNKNOWN_SEND = "unknown_send"
    UNUSABLE_SEND = "unusable_send"
    DEAF = "deaf"
    FLOOD = "flood"
    # What is odd only beside what is known already.
    STATUS_OUT_OF_ORDER = "status_out_of_order"
    CLOCK_AHEAD = "clock_ahead"
    UNKNOWN_STREAM = "unknown_stream"
    UNKNOWN_REQUEST = "unknown_request"
    # What is beyond bearing.
    QUARANTINE_FULL = "quarantine_full"
