"""Requests that Buildbot has forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet import defer

from schedulers.buildsets import STARTED_AT, Buildsets


class Master:
    """Buildbot's master, as far as claimed requests go."""

    masterid = 1

    def __init__(self) -> None:
        self.claimed: dict[int, float] = {}
        self.at_work: list[int] = []
        self.released: list[int] = []
        self.data = SimpleNamespace(
            get=self._get, updates=SimpleNamespace(unclaimBuildRequests=self._release)
        )
        self.botmaster = self

    @property
    def builders(self) -> dict[str, Any]:
        """All are at one builder."""
        build = SimpleNamespace(requests=[SimpleNamespace(id=one) for one in self.at_work])
        return {"ogg-bookworm": SimpleNamespace(building=[build], old_building=[])}

    def _get(self, path: tuple[str, ...], filters: Any) -> defer.Deferred[list[dict[str, Any]]]:
        assert path == ("buildrequests",)
        return defer.succeed(
            [
                {"buildrequestid": one, "claimed_at": datetime.fromtimestamp(at, UTC)}
                for one, at in self.claimed.items()
            ]
        )

    def _release(self, requests: list[int]) -> defer.Deferred[None]:
        self.released += requests
        return defer.succeed(None)

    def remove_in_progress_buildrequest(self, request: int) -> None:
        """Called of each that is released."""


@pytest.fixture
def master() -> Master:
    return Master()


def look(buildsets: Buildsets) -> None:
    defer.ensureDeferred(buildsets.release_stale())


def test_what_an_earlier_run_claimed_is_released_at_once(master: Master) -> None:
    master.claimed = {7: STARTED_AT - 60, 8: STARTED_AT + 60}
    look(Buildsets(master, "plan"))
    assert master.released == [7]


def test_what_is_claimed_and_not_begun_is_released_at_the_second_look(master: Master) -> None:
    master.claimed = {8: STARTED_AT + 60}
    buildsets = Buildsets(master, "plan")
    look(buildsets)
    assert master.released == []
    look(buildsets)
    assert master.released == [8]


def test_what_somebody_works_on_stays_claimed(master: Master) -> None:
    master.claimed = {8: STARTED_AT + 60, 9: STARTED_AT - 60}
    buildsets = Buildsets(master, "plan")
    look(buildsets)
    master.at_work = [8, 9]
    look(buildsets)
    look(buildsets)
    assert master.released == [9], "the first look found nobody at work on it"
