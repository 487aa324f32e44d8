"""The OCPP schema files that both sides' payloads are held against.

They come from the ``ocpp`` package; of it only the files are used.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

import attrs
import jsonschema_rs
import orjson
from msgspec import Struct

_TEXT_LIMIT = 200


class Problem(Struct, frozen=True):
    """How a payload breaks its schema: the kind of rule (``Required``, ``Type`` ...) and words."""

    rule: str
    text: str


@attrs.frozen(eq=False)
class Schemas:
    """Compiled schemas of one OCPP version, each compiled when first needed."""

    folder: Traversable
    request_suffix: str
    """What follows the action in the name of a request's file."""
    actions: frozenset[str]
    _compiled: dict[str, jsonschema_rs.Validator] = attrs.field(factory=dict, init=False)

    def request_problem(self, action: str, payload: object) -> Problem | None:
        """Why ``payload`` is no legal request of that action; None if it is."""
        return self._problem(action + self.request_suffix, payload)

    def answer_problem(self, action: str, payload: object) -> Problem | None:
        """Why ``payload`` is no legal answer to that action; None if it is."""
        return self._problem(action + "Response", payload)

    def _problem(self, name: str, payload: object) -> Problem | None:
        validator = self._compiled.get(name)
        if validator is None:
            text = (self.folder / f"{name}.json").read_bytes()
            # Formats are checked: a server's times must be RFC 3339 with a zone.
            validator = jsonschema_rs.validator_for(orjson.loads(text), validate_formats=True)
            self._compiled[name] = validator
        error = next(validator.iter_errors(payload), None)
        if error is None:
            return None
        path = "".join(f"[{part!r}]" for part in error.instance_path)
        return Problem(type(error.kind).__name__, f"{path} {error.message}".strip()[:_TEXT_LIMIT])


def load_schemas(folder: str, request_suffix: str) -> Schemas:
    """The schemas in a folder (``v16``, ``v201``, ``v21``) of the ``ocpp`` package."""
    path = files("ocpp") / folder / "schemas"
    names = {entry.name.removesuffix(".json") for entry in path.iterdir()}
    actions = {name.removesuffix("Response") for name in names if name.endswith("Response")}
    return Schemas(
        folder=path,
        request_suffix=request_suffix,
        actions=frozenset(action for action in actions if action + request_suffix in names),
    )
