"""Builders get workers in the order of priority, then age, wherever a worker is free."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from buildbot.test import fakedb
from buildbot.test.fake import fakemaster
from buildbot.test.reactor import TestReactorMixin
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import defer
from twisted.trial import unittest

from schedulers import priority
from schedulers.priority import prioritize_builders, with_free_worker


def worker(name: str, free: int, most: int = 4, up: bool = True) -> Any:
    return SimpleNamespace(
        workername=name,
        conn=object() if up else None,
        canStartBuild=lambda: free > 0,
        max_builds=most,
        _running=most - free,
    )


@dataclass(eq=False)
class Builder:
    """One of Buildbot's, as far as it is asked."""

    name: str
    workers: list[Any]


def builder(name: str, *workers: Any, busy: bool = False) -> Builder:
    return Builder(name, [SimpleNamespace(worker=one, isBusy=lambda: busy) for one in workers])


class TestPriority(TestReactorMixin, unittest.TestCase):
    @defer.inlineCallbacks
    def setUp(self) -> Any:
        self.setup_test_reactor()
        self.master = yield fakemaster.make_master(self, wantDb=True)
        yield self.master.db.insert_test_data([fakedb.Master(id=1)])

    @defer.inlineCallbacks
    def ask(self, requests: dict[int, tuple[int, int]], builders: dict[int, Any]) -> Any:
        """The names of those that may start.

        :param requests: priority and age by builder.
        """
        yield self.master.db.insert_test_data(
            [fakedb.Builder(id=number, name=f"b{number}") for number in builders]
            + [fakedb.Buildset(id=1)]
            + [
                fakedb.BuildRequest(
                    id=number,
                    buildsetid=1,
                    builderid=number,
                    priority=requests[number][0],
                    submitted_at=1_000_000 - requests[number][1],
                )
                for number in requests
            ]
        )
        workers = {
            one.worker.workername: one.worker for b in builders.values() for one in b.workers
        }
        self.master.workers = SimpleNamespace(workers=workers)
        self.master.botmaster = SimpleNamespace(_builders_byid=builders)
        asked = prioritize_builders(self.master, list(builders.values()))
        found = yield defer.Deferred.fromCoroutine(asked)
        return [one.name for one in found]

    @defer.inlineCallbacks
    def test_the_order_is_priority_then_age(self) -> Any:
        one = worker("one", 3)
        builders = {number: builder(f"b{number}", one) for number in range(1, 6)}
        requests = {1: (0, 50), 2: (1, 10), 3: (1, 20), 4: (2, 0)}
        self.assertEqual((yield self.ask(requests, builders)), ["b4", "b3", "b2"])

    @defer.inlineCallbacks
    def test_a_worker_that_is_free_is_not_kept_waiting_by_many_for_one_that_is_not(self) -> Any:
        self.patch(priority, "FIRST", 3)
        full, free, gone = worker("full", 0), worker("free", 2), worker("gone", 2, up=False)
        builders = {number: builder(f"b{number}", full, gone) for number in range(1, 8)}
        builders[8] = builder("b8", full, free)
        builders[9] = builder("b9", free, busy=True)
        requests = {number: (10 - number, 0) for number in builders}
        self.assertEqual((yield self.ask(requests, builders)), ["b8"])

    @defer.inlineCallbacks
    def test_nobody_is_asked_when_no_worker_is_free(self) -> Any:
        self.patch(self.master.db.pool, "do", None)
        builders = {1: builder("b1", worker("full", 0))}
        self.master.workers = SimpleNamespace(workers={"full": builders[1].workers[0].worker})
        asked = prioritize_builders(self.master, list(builders.values()))
        self.assertEqual((yield defer.Deferred.fromCoroutine(asked)), [])


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 3)),
    st.lists(st.lists(st.sampled_from("abc"), max_size=3), max_size=12),
)
def test_no_worker_gets_more_than_it_has_room_for(
    slots: dict[str, int], wants: list[list[str]]
) -> None:
    builders = [
        builder(str(number), *(worker(name, 1) for name in names))
        for number, names in enumerate(wants)
    ]
    left = dict(slots)
    chosen = with_free_worker(builders, left)
    assert all(count >= 0 for count in left.values())
    assert sum(slots.values()) - sum(left.values()) == len(chosen)
    # Who was passed over finds no room among its workers now.
    for one in builders:
        if one not in chosen:
            assert not any(left.get(each.worker.workername, 0) for each in one.workers)
