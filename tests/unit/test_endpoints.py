"""Endpoints are sorted once, and again when there are more."""

from __future__ import annotations

import pytest
from buildbot.util.pathmatch import Matcher

from services.tuning import endpoints
from services.tuning.endpoints import sort_endpoints_once


def test_endpoints_are_sorted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[Matcher] = []
    sort = endpoints._sort

    def note(matcher: Matcher) -> None:
        times.append(matcher)
        sort(matcher)

    monkeypatch.setattr(Matcher, "_compile", sort)
    monkeypatch.setattr(endpoints, "_sort", note)
    sort_endpoints_once()
    matcher = Matcher()
    matcher[("steps", "n:stepid")] = "step"
    for _ in range(3):
        assert matcher[("steps", "7")] == ("step", {"stepid": 7})
    assert len(times) == 1
    matcher[("steps", "n:stepid", "logs")] = "logs"
    assert matcher[("steps", "7", "logs")] == ("logs", {"stepid": 7})
    assert matcher[("steps", "8")] == ("step", {"stepid": 8})
    with pytest.raises(KeyError):
        matcher[("builds", "8")]
    assert len(times) == 2
