"""Write the evidence and the two pages anew: ``python -m csms.conformance [RECORDS]``, in the
checkout.

``RECORDS`` is the folder that the end-to-end tests wrote to; without it the messages keep the
evidence that they have.
"""

from __future__ import annotations

import sys
from pathlib import Path

from csms.conformance.certification import cases, claims
from csms.conformance.evidence import FILE, gathered, load, saved, witnessed
from csms.conformance.pages import certification_page, messages_page
from csms.conformance.rows import rows


def main(arguments: list[str]) -> None:
    """Read, then write."""
    records = witnessed(Path(arguments[0])) if arguments else ()
    evidence = gathered(records, claims(Path("tests/e2e")), load())
    pages = {
        Path("csms/conformance", FILE): saved(evidence),
        Path("docs/conformance.rst"): messages_page(rows(evidence), "rst"),
        Path("docs/certification.rst"): certification_page(cases(), evidence, "rst"),
    }
    for path, content in pages.items():
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
