"""What a change reads is what Buildbot would read after it."""

from __future__ import annotations

import threading
from typing import Any

from buildbot.test import fakedb
from buildbot.test.fake import fakemaster
from buildbot.test.reactor import TestReactorMixin
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import defer
from twisted.trial import unittest

from services.tuning import changed_rows
from services.tuning.changed_rows import METHODS, read_what_is_changed
from tests.build_rows import BUILDS

ROWS = [
    *BUILDS,
    fakedb.Step(id=7, number=0, name="fetch", buildid=7),
    fakedb.Step(id=8, number=1, name="build", buildid=7),
]
ids = st.sampled_from([7, 8, 99])
moments = st.integers(1_000_000_000, 2_000_000_000)
changes = st.one_of(
    st.tuples(st.just("startStep"), ids, moments, st.booleans()),
    st.tuples(st.just("set_step_locks_acquired_at"), ids, moments),
    st.tuples(st.just("setStepStateString"), ids, st.text("ab'ä", max_size=5)),
    st.tuples(st.just("addURL"), st.sampled_from([7, 8]), st.text("ab", max_size=2), st.just("u")),
    st.tuples(st.just("finishStep"), ids, st.integers(0, 6), st.booleans()),
    st.tuples(st.just("setBuildStateString"), ids, st.text("ab'ä", max_size=5)),
    st.tuples(st.just("add_build_locks_duration"), ids, st.integers(0, 50)),
    st.tuples(st.just("finishBuild"), ids, st.integers(0, 6)),
)
OWN = {kind: {name: getattr(kind, name) for name in METHODS[kind]} for kind in METHODS}


class TestChangedRows(TestReactorMixin, unittest.TestCase):
    @defer.inlineCallbacks
    def setUp(self) -> Any:
        self.setup_test_reactor()
        self.masters = []
        for _ in range(2):
            master = yield fakemaster.make_master(self, wantDb=True)
            yield master.db.insert_test_data(ROWS)
            self.masters.append(master.db)

    def buildbots(self) -> None:
        for kind, methods in OWN.items():
            for name, method in methods.items():
                self.patch(kind, name, method)

    def change(self, database: Any, name: str, *values: Any) -> Any:
        """What is told of the row afterwards."""
        component, read = database.builds, "getBuild"
        if hasattr(database.steps, name):
            component, read = database.steps, "getStep"
        self.successResultOf(getattr(component, name)(*values))
        return self.successResultOf(getattr(component, read)(values[0]))

    def test_both_tell_the_same(self) -> None:
        stock, own = self.masters

        @settings(max_examples=60, deadline=None)
        @given(st.lists(changes, max_size=8), st.integers(0, 5))
        def check(sequence: list[Any], seconds: int) -> None:
            self.reactor.advance(seconds)
            self.buildbots()
            told = [self.change(stock, *one) for one in sequence]
            read_what_is_changed()
            self.assertEqual([self.change(own, *one) for one in sequence], told)
            self.assertEqual(own.steps.__dict__.get("changed_rows", {}), {})
            self.buildbots()
            for read in ("getStep", "getBuild"):
                for row in (7, 8):
                    rows = [
                        self.successResultOf(
                            getattr(one.steps if read == "getStep" else one.builds, read)(row)
                        )
                        for one in (stock, own)
                    ]
                    self.assertEqual(*rows)

        check()

    def test_what_is_changed_is_not_read_again(self) -> None:
        self.buildbots()
        read_what_is_changed()
        steps = self.masters[0].steps
        self.patch(changed_rows, "_get_step", None)
        self.assertEqual(
            self.change(self.masters[0], "setStepStateString", 7, "on").state_string, "on"
        )
        self.successResultOf(steps.setStepStateString(7, "on its way"))
        self.successResultOf(steps.addURL(7, "log", "http://farm.example.org/"))
        self.assertEqual(steps.__dict__["changed_rows"], {})

    def test_a_change_that_fails_is_not_told(self) -> None:
        self.buildbots()
        read_what_is_changed()
        steps = self.masters[0].steps
        self.patch(steps.db.pool, "do_with_transaction", lambda _: defer.fail(OSError("full")))
        self.failureResultOf(steps.finishStep(7, 0, False), OSError)
        self.assertIsNone(self.successResultOf(steps.getStep(7)).results)

    def test_what_a_thread_wrote_is_read_again(self) -> None:
        self.buildbots()
        read_what_is_changed()
        steps = self.masters[0].steps
        self.successResultOf(steps.setStepStateString(7, "on"))
        self.patch(threading, "current_thread", lambda: None)
        self.successResultOf(steps.startStep(7, 1_700_000_000, False))
        self.assertEqual(steps.__dict__["changed_rows"], {})
        found = self.successResultOf(steps.getStep(7))
        self.assertEqual((found.state_string, found.started_at.year), ("on", 2023))
