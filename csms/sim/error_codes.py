"""Codes of CALLERROR for what is wrong with a message of the server."""

from __future__ import annotations

from csms.sim.schema import Problem

_CODE_OF_RULE = {
    "Required": "OccurenceConstraintViolation",
    "MinItems": "OccurenceConstraintViolation",
    "MaxItems": "OccurenceConstraintViolation",
    "Type": "TypeConstraintViolation",
    "AdditionalProperties": "FormationViolation",
}
_OTHERWISE = {
    "FormationViolation": "FormatViolation",
    "OccurenceConstraintViolation": "OccurrenceConstraintViolation",
}
"""How later versions spell codes of OCPP 1.6."""


def code_of(problem: Problem | None, codes: frozenset[str]) -> str:
    """The code for a payload that has that problem; None: it is no object."""
    rule = "Type" if problem is None else problem.rule
    return spelled(_CODE_OF_RULE.get(rule, "PropertyConstraintViolation"), codes)


def spelled(code: str, codes: frozenset[str]) -> str:
    """A code of OCPP 1.6 as the version with those codes spells it."""
    return code if code in codes else _OTHERWISE.get(code, code)
