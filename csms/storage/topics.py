"""How an area's questions to the ledger are put and answered."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from csms.core.decisions import Ask


@attrs.frozen
class Topic:
    """How one kind of `Ask` is answered.

    ``sql`` selects (i, answer as text), any number of rows for a question, from the questions
    in its one parameter, a JSON array of rows: ``i`` (the question), ``s`` (id of the station),
    ``o`` (operator), ``n`` (identity) and the fields of the ask.  It is the body of a FROM of
    ``jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, ...)``; see
    `csms.storage.ledger_sql` for the ways that stay on the indexes.  ``decode`` makes a value of
    an answer.
    """

    ask: type[Ask]
    sql: str
    decode: Callable[[str], object]

    @property
    def name(self) -> str:
        """Of that kind of question alone; two areas may call theirs alike."""
        return f"{self.ask.__module__}.{self.ask.__qualname__}"

    @property
    def query(self) -> str:
        """As the ledger asks it, told apart from others."""
        return f"SELECT '{self.name}', x.i, x.answer FROM ({self.sql}) x(i, answer)"
