"""Lines of a log are written together, and are the same lines."""

from __future__ import annotations

from typing import Any

from buildbot.db.logs import LogsConnectorComponent
from buildbot.process.log import Log
from buildbot.test import fakedb
from buildbot.test.fake import fakemaster
from buildbot.test.reactor import TestReactorMixin
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import defer
from twisted.trial import unittest

from services.tuning import log_lines
from services.tuning.log_lines import (
    HOLD_CHARACTERS,
    HOLD_S,
    SMALL_CHARACTERS,
    write_lines_together,
)
from tests.build_rows import BUILDS

ROWS = [*BUILDS, fakedb.Step(id=3, number=0, name="build", buildid=7)]
text = st.text(st.sampled_from("ab ä\n\r\x85\u2028"), max_size=12)
long_text = st.builds(lambda line, times: (line + "\n") * times, text, st.integers(500, 9000))
actions = st.lists(
    st.one_of(
        st.sampled_from([HOLD_S / 2, HOLD_S]),
        st.tuples(st.sampled_from(["addStdout", "addStderr", "addHeader"]), text | long_text),
    ),
    max_size=8,
)


class TestLogLines(TestReactorMixin, unittest.TestCase):
    @defer.inlineCallbacks
    def setUp(self) -> Any:
        self.setup_test_reactor()
        self.stock()
        self.master = yield fakemaster.make_master(self, wantDb=True, wantData=True, wantMq=True)
        yield self.master.db.insert_test_data(ROWS)
        self.written: list[str] = []
        add = log_lines._add
        self.patch(
            log_lines, "_add", lambda log, lines: self.written.append(lines) or add(log, lines)
        )
        write_lines_together()

    def stock(self) -> None:
        self.patch(Log, "addRawLines", log_lines._add)
        self.patch(Log, "finish", log_lines._finish)
        self.patch(LogsConnectorComponent, "appendLog", log_lines._append)

    @defer.inlineCallbacks
    def new(self) -> Any:
        logid = yield self.master.data.updates.addLog(3, "stdio", "s")
        return Log.new(self.master, "stdio", "s", logid, "utf-8")

    @defer.inlineCallbacks
    def lines(self, log: Any) -> Any:
        """All that is in the database, and how many lines that is said to be."""
        row = yield self.master.db.logs.getLog(log.logid)
        found = yield self.master.db.logs.getLogLines(log.logid, 0, row.num_lines)
        return found, row.num_lines

    @defer.inlineCallbacks
    def test_what_comes_in_a_moment_is_written_at_once(self) -> Any:
        log = yield self.new()
        seen: list[Any] = []
        log.subscribe(lambda stream, lines: seen.append((stream, lines)))
        yield log.addHeader("in order\n")
        yield log.addStdout("one\n")
        self.assertEqual(seen, [("h", "in order\n"), ("o", "one\n")])
        self.assertEqual(self.written, [])
        self.reactor.advance(HOLD_S)
        self.assertEqual(self.written, ["hin order\noone\n"])
        yield log.addStderr("two\n")
        yield log.finish()
        self.assertEqual(self.written[1:], ["etwo\n"])
        self.assertEqual((yield self.lines(log)), ("hin order\noone\netwo\n", 3))
        self.assertTrue((yield self.master.db.logs.getLog(log.logid)).complete)
        self.reactor.advance(HOLD_S)
        self.assertEqual(len(self.written), 2)

    @defer.inlineCallbacks
    def test_much_is_not_held(self) -> Any:
        log = yield self.new()
        yield log.addStdout("a" * HOLD_CHARACTERS + "\n")
        self.assertEqual(len(self.written), 1)
        yield log.finish()

    @defer.inlineCallbacks
    def test_nothing_is_written_for_nothing(self) -> Any:
        log = yield self.new()
        yield log.finish()
        self.assertEqual(self.written, [])

    @defer.inlineCallbacks
    def test_a_log_that_is_gone_is_passed_over(self) -> Any:
        for content in ("one\n", "one\n" * SMALL_CHARACTERS):
            self.assertIsNone((yield self.master.db.logs.appendLog(99, content)))

    def test_they_are_the_lines_that_buildbot_writes(self) -> None:
        @settings(max_examples=60, deadline=None)
        @given(actions)
        def check(actions: list[Any]) -> None:
            found = []
            for ours in (False, True):
                self.stock()
                if ours:
                    write_lines_together()
                log = self.successResultOf(self.new())
                for action in actions:
                    if isinstance(action, float):
                        self.reactor.advance(action)
                    else:
                        self.successResultOf(getattr(log, action[0])(action[1]))
                self.successResultOf(log.finish())
                found.append(self.successResultOf(self.lines(log)))
            self.assertEqual(*found)

        check()
