"""Short transactions happen at once, and nothing else changes."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import buildbot.db
import pytest
import sqlalchemy as sa
from buildbot.db.buildrequests import BuildRequestsConnectorComponent
from buildbot.db.pool import DBThreadPool
from sqlalchemy.pool import QueuePool
from twisted.internet import defer, reactor
from twisted.trial import unittest

from services.tuning import (
    build_properties,
    builder_rows,
    changed_rows,
    log_lines,
    short_transactions,
)
from services.tuning.short_transactions import BUSY_MS, SHORT, do_short_at_once


class StepsConnectorComponent:
    """Called as Buildbot's own is, so that what it does counts as short."""

    def startStep(self, fail: BaseException | None = None) -> Any:
        def thd(connection: sa.engine.Connection, value: str) -> str:
            connection.execute(sa.text("insert into kept values (:value)"), {"value": value})
            if fail:
                raise fail
            return threading.current_thread().name

        return thd

    def getSteps(self) -> Any:
        def thd(connection: sa.engine.Connection) -> tuple[str, list[str]]:
            found = list(connection.scalars(sa.text("select value from kept order by value")))
            return threading.current_thread().name, found

        return thd


class TestShortTransactions(unittest.TestCase):
    def setUp(self) -> None:
        requests = BuildRequestsConnectorComponent
        self.patch(requests, "getBuildRequests", requests.getBuildRequests)
        for name in ("do", "stop"):
            self.patch(DBThreadPool, name, getattr(DBThreadPool, name))
        do_short_at_once()
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.file = Path(place.name, "state.sqlite")
        self.engine = sa.create_engine(f"sqlite:///{self.file}", poolclass=QueuePool, pool_size=2)
        self.engine.should_retry = lambda error: "locked" in str(error)
        with self.engine.begin() as connection:
            connection.execute(sa.text("create table kept (value text)"))
        self.pool = DBThreadPool(self.engine, reactor)
        self.pool.start()
        self.addCleanup(self.pool.stop)
        self.own = threading.current_thread().name
        self.steps = StepsConnectorComponent()

    @defer.inlineCallbacks
    def test_what_is_short_is_done_here_and_the_rest_by_a_thread(self) -> Any:
        d = self.pool.do_with_transaction(self.steps.startStep(), "one")
        self.assertFalse(d.called, "who asked goes on first")
        self.assertEqual((yield d), self.own)
        thread, found = yield self.pool.do(self.steps.getSteps())
        self.assertNotEqual(thread, self.own)
        self.assertEqual(found, ["one"])

    @defer.inlineCallbacks
    def test_a_failure_leaves_nothing(self) -> Any:
        with self.assertRaises(KeyError):
            yield self.pool.do_with_transaction(self.steps.startStep(KeyError("no")), "one")
        with self.assertRaises(KeyError):
            yield self.pool.do(self.steps.startStep(KeyError("no")), "two")
        self.assertEqual((yield self.pool.do(self.steps.getSteps()))[1], [])

    @defer.inlineCallbacks
    def test_a_thread_waits_for_a_lock(self) -> Any:
        other = sqlite3.connect(self.file, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("begin immediate")
        d = self.pool.do_with_transaction(self.steps.startStep(), "one")
        reactor.callLater(4 * BUSY_MS / 1000, other.execute, "commit")
        self.assertNotEqual((yield d), self.own)
        self.assertEqual((yield self.pool.do(self.steps.getSteps()))[1], ["one"])
        self.assertEqual(
            (yield self.pool.do_with_transaction(self.steps.startStep(), "two")), self.own
        )

    @defer.inlineCallbacks
    def test_another_database_is_asked_by_threads(self) -> Any:
        self.patch(self.engine.dialect, "name", "postgresql")
        self.assertNotEqual(
            (yield self.pool.do_with_transaction(self.steps.startStep(), "one")), self.own
        )

    @defer.inlineCallbacks
    def test_few_requests_are_read_here_and_many_by_a_thread(self) -> Any:
        threads: list[str] = []

        def get(component: Any, **_asked: Any) -> Any:
            def transaction(connection: sa.engine.Connection) -> None:
                threads.append(threading.current_thread().name)

            return component.db.pool.do(transaction)

        self.patch(short_transactions, "_get_requests", get)
        component = SimpleNamespace(db=SimpleNamespace(pool=self.pool))
        few: list[dict[str, Any]] = [{"bsid": 1}, {"builderid": 1, "claimed": False}]
        many: list[dict[str, Any]] = [{}, {"builderid": 1}, {"claimed": False}]
        for asked in few + many:
            yield BuildRequestsConnectorComponent.getBuildRequests(component, **asked)
        self.assertEqual([one == self.own for one in threads], [True] * 2 + [False] * 3)


def _methods() -> set[str]:
    modules = [
        importlib.import_module(f"buildbot.db.{one.name}")
        for one in pkgutil.iter_modules(buildbot.db.__path__)
        if one.name not in ("migrations", "sautils")
    ]
    classes = [
        value
        for module in (*modules, build_properties)
        for value in vars(module).values()
        if isinstance(value, type)
    ]
    own = (builder_rows, changed_rows, log_lines)
    return {f"{one.__name__}.{name}" for one in classes for name in vars(one)}.union(
        *(vars(one) for one in own)
    )


@pytest.mark.parametrize("name", sorted(SHORT))
def test_what_is_called_short_exists(name: str) -> None:
    assert name in _methods()
    assert short_transactions.SHORT is SHORT
