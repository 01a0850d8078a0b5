"""Builds that Buildbot would leave open for ever."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from buildbot.process.build import Build
from buildbot.process.results import CANCELLED, EXCEPTION, RETRY, SUCCESS
from twisted.internet import defer

from steps.watched_build import WatchedBuild


def watched(monkeypatch: pytest.MonkeyPatch, start: Any) -> tuple[WatchedBuild, list[Any]]:
    """A build whose base class starts it as `start` does, and what becomes of it."""
    told: list[Any] = []

    def finish_step(*step: object) -> defer.Deferred[None]:
        told.append(("step", *step))
        return defer.succeed(None)

    def finished(self: Build, text: list[str], results: int) -> defer.Deferred[None]:
        told.append((" ".join(text), results))
        return defer.succeed(None)

    monkeypatch.setattr(Build, "startBuild", start)
    monkeypatch.setattr(Build, "buildFinished", finished)
    updates = SimpleNamespace(finishStep=finish_step)
    master = SimpleNamespace(data=SimpleNamespace(updates=updates))
    monkeypatch.setattr(Build, "__init__", lambda _self: None)
    build = WatchedBuild()
    build.master, build.builder, build.number = master, SimpleNamespace(name="ogg-bookworm"), 1
    build.finished, build.results, build._preparation_step = False, SUCCESS, None
    build.workerforbuilder = SimpleNamespace(worker=None)
    build.do_build = True
    return build, told


def test_a_build_whose_worker_is_lost_while_it_is_prepared_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lose(self: Any, _worker: Any) -> defer.Deferred[None]:
        self._preparation_step = SimpleNamespace(stepid=7)
        return defer.fail(AttributeError("'NoneType' object has no attribute 'conn'"))

    build, told = watched(monkeypatch, lose)
    build.startBuild(build.workerforbuilder)
    assert told == [("step", 7, EXCEPTION, False), ("worker lost", RETRY)]


def test_a_build_whose_request_is_cancelled_while_it_is_claimed_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    build, told = watched(monkeypatch, lambda _self, _worker: defer.succeed(None))
    build.startBuild(build.workerforbuilder)
    assert told == [("cancelled", CANCELLED)]


def test_a_build_that_begins_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(self: Any, _worker: Any) -> defer.Deferred[None]:
        self._preparation_step = SimpleNamespace(stepid=7)
        return defer.succeed(None)

    build, told = watched(monkeypatch, begin)
    build.startBuild(build.workerforbuilder)
    assert told == []


@pytest.mark.parametrize(
    ("results", "there", "becomes"),
    [(EXCEPTION, False, RETRY), (EXCEPTION, True, EXCEPTION), (SUCCESS, False, SUCCESS)],
)
def test_an_exception_without_a_worker_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, results: int, there: bool, becomes: int
) -> None:
    build, told = watched(monkeypatch, None)
    build.workerforbuilder.worker = object() if there else None
    build.buildFinished(["done"], results)
    assert told == [("done", becomes)]
