"""The page that shows the API."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any


def test_page_needs_no_token(api: Any) -> None:
    """The page itself holds no data."""
    reply = api.ask("GET", "/api/v1/docs", role=None)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"


def test_document_needs_one(api: Any) -> None:
    """What the page shows does not come without a token."""
    assert api.ask("GET", "/api/v1/openapi.json", role=None).status == 401


def test_policy_allows_exactly_the_pages_own_script(api: Any) -> None:
    """The script and style of the page run, by their digests, and nothing else."""
    reply = api.ask("GET", "/api/v1/docs", role=None)
    policy = reply.headers["Content-Security-Policy"]
    page = reply.body.decode()
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        (part,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = b64encode(sha256(part.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_page_is_self_contained(api: Any) -> None:
    """Nothing is fetched from anywhere else, and no text is ever taken for HTML."""
    page = api.ask("GET", "/api/v1/docs", role=None).body.decode()
    for trap in ("http://", "https://", "src=", "innerHTML", "style=", "onclick", "eval("):
        assert trap not in page, trap
