"""Verdicts on tags."""

from __future__ import annotations

from typing import Any

import pytest

from csms.sim.messages import Refused


def blocked(script: Any) -> None:
    script.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}


def test_the_server_decides(online: Any, script: Any, finish: Any) -> None:
    """Online, the server's answer is the verdict."""
    charger = online()
    blocked(script)
    assert finish(charger.authorize("TAG")) == "Blocked"
    assert script.payloads("Authorize") == [{"idTag": "TAG"}]


def test_no_verdict(online: Any, script: Any, finish: Any, entries: Any) -> None:
    """A CALLERROR is no verdict."""
    charger = online()
    script.answers["Authorize"] = entries.error("GenericError")
    with pytest.raises(Refused):
        finish(charger.authorize("TAG"))


def test_cached_tags_offline(online: Any, script: Any, finish: Any) -> None:
    """Offline, the cache decides, whatever the letters' case."""
    charger = online()
    charger.settings.offline_unknown = False
    finish(charger.authorize("GOOD"))
    blocked(script)
    finish(charger.authorize("BAD"))
    finish(charger.cut())
    assert finish(charger.authorize("good")) == "Accepted"
    assert finish(charger.authorize("bad")) == "Blocked"
    assert finish(charger.authorize("unknown")) == "Invalid"


def test_unknown_tags_offline(online: Any, finish: Any) -> None:
    """AllowOfflineTxForUnknownId lets unknown tags charge offline."""
    charger = online()
    finish(charger.cut())
    assert finish(charger.authorize("unknown")) == "Accepted"


def test_cached_tags_are_of_no_use(online: Any, script: Any, finish: Any) -> None:
    """Without LocalAuthorizeOffline a cached tag is as good as an unknown one."""
    charger = online()
    charger.settings.offline_unknown = charger.settings.authorize_offline = False
    finish(charger.authorize("TAG"))
    finish(charger.cut())
    assert finish(charger.authorize("TAG")) == "Invalid"


def test_local_pre_authorization(online: Any, script: Any, finish: Any) -> None:
    """LocalPreAuthorize accepts cached tags without asking."""
    charger = online()
    finish(charger.authorize("TAG"))
    charger.settings.pre_authorize = True
    assert finish(charger.authorize("TAG")) == "Accepted"
    assert script.actions().count("Authorize") == 1


def test_start_fills_the_cache(online: Any, script: Any, finish: Any) -> None:
    """The verdict in the answer to a start is remembered too."""
    charger = online()
    charger.settings.offline_unknown = False
    finish(charger.start("TAG"))
    finish(charger.cut())
    assert finish(charger.authorize("TAG")) == "Accepted"


def test_break_while_asking(online: Any, script: Any, finish: Any, entries: Any) -> None:
    """When the connection breaks during the question the offline rules decide."""
    charger = online()
    script.answers["Authorize"] = lambda id_, payload: (
        script.peers["CP1"].abort() or entries.silence
    )
    assert finish(charger.authorize("TAG")) == "Accepted"


def test_clear_cache(online: Any, finish: Any) -> None:
    """A cleared cache knows nothing; one that is off cannot be cleared."""
    charger = online()
    charger.settings.offline_unknown = False
    finish(charger.authorize("TAG"))
    assert charger.authorization.clear_cache()
    finish(charger.cut())
    assert finish(charger.authorize("TAG")) == "Invalid"
    charger.settings.cache = False
    assert not charger.authorization.clear_cache()
