"""How a version behaves around its messages: at the boot, in bad frames, with passwords."""

from __future__ import annotations

from msgspec import Struct

from csms.adapter.faults import FaultKind


class Envelope(Struct, frozen=True, kw_only=True):
    """How a version answers frames that are no messages; None: not at all.

    The reasons stand beside the tests that hold them.
    """

    unreadable: FaultKind | None
    """No JSON, no array, or no id to be found."""
    malformed: FaultKind
    """The id can be read, the rest of the envelope is wrong."""
    bad_id: FaultKind
    twin: FaultKind
    """A CALL whose id is that of a CALL still in progress."""
    unknown_type: FaultKind | None
    newer: bool = False
    """Whether there are SEND and CALLRESULTERROR (2.1 Part 4 §4.2.4, §4.2.5)."""


class Manners(Struct, frozen=True, kw_only=True):
    """What else than messages differs between versions."""

    envelope: Envelope
    boots_first: bool
    """A station must boot on this server before it may say anything else (2.x B01.FR.10)."""
    silent_when_rejected: bool
    """A rejected station may say nothing that it is asked for (2.x B03.FR.07)."""
    has_components: bool
    """Settings belong to components (2.x), and are no mere keys."""
    keys_in_hex: bool
    """A password is sent as the bytes that its hexadecimal digits mean (1.6 security whitepaper
    §2.2), and not as the text that it is (2.x A00.FR.205)."""
