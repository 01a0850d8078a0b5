"""A page that leaves a topic and comes back hears all of it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from buildbot.mq.simple import SimpleMQ
from buildbot.test.reactor import TestReactorMixin
from buildbot.www.ws import WsProtocol
from twisted.trial import unittest

from www import live_pages
from www.live_pages import GRACE_S, keep_topics_a_moment

TOPIC = "builds/6/steps/*/*"
OTHER = "builds/6/properties"


class TestTopics(TestReactorMixin, unittest.TestCase):
    def setUp(self) -> None:
        self.setup_test_reactor()
        self.patch(WsProtocol, "cmd_startConsuming", live_pages._start)
        self.patch(WsProtocol, "cmd_stopConsuming", live_pages._stop)
        keep_topics_a_moment()
        self.queue = SimpleMQ()
        settings = SimpleNamespace(www={})
        master = SimpleNamespace(mq=self.queue, reactor=self.reactor, config=settings)
        self.page = WsProtocol(master)
        self.said: list[dict[str, Any]] = []
        self.page.sendMessage = lambda frame: self.said.append(json.loads(frame))

    def send(self, command: str, path: Any = TOPIC) -> dict[str, Any]:
        """What the page is answered."""
        frame = {"cmd": command, "path": path, "_id": 1}
        self.page.onMessage(json.dumps(frame).encode(), False)
        return self.said.pop()

    def hears(self) -> bool:
        """Whether the page is told what happens to a step, once."""
        self.queue.produce(("builds", "6", "steps", "25", "finished"), {"stepid": 25})
        told, self.said[:] = list(self.said), []
        self.assertLessEqual(len(told), 1)
        return bool(told)

    def test_one_that_comes_back_hears_what_is_told_in_between(self) -> None:
        self.assertEqual(self.send("startConsuming")["code"], 200)
        self.assertTrue(self.hears())
        self.assertEqual(self.send("stopConsuming")["code"], 200)
        self.assertTrue(self.hears())
        self.assertEqual(self.send("startConsuming")["code"], 200)
        self.reactor.advance(2 * GRACE_S)
        self.assertTrue(self.hears())

    def test_one_that_stays_away_hears_no_more(self) -> None:
        self.send("startConsuming")
        self.send("startConsuming", OTHER)
        self.send("stopConsuming")
        self.reactor.advance(GRACE_S)
        self.assertFalse(self.hears())
        self.assertEqual(list(self.page.qrefs), [OTHER])
        self.assertEqual(self.send("startConsuming")["code"], 200)
        self.assertTrue(self.hears())

    def test_one_that_leaves_again_is_kept_again(self) -> None:
        self.send("startConsuming")
        self.send("stopConsuming")
        self.reactor.advance(GRACE_S / 2)
        self.send("startConsuming")
        self.send("stopConsuming")
        self.reactor.advance(GRACE_S / 2)
        self.assertTrue(self.hears())
        self.reactor.advance(GRACE_S / 2)
        self.assertFalse(self.hears())

    def test_a_page_that_is_closed_leaves_nothing(self) -> None:
        self.send("startConsuming")
        self.send("stopConsuming")
        self.page.connectionLost(None)
        self.reactor.advance(GRACE_S)
        self.assertFalse(self.hears())

    def test_what_buildbot_refuses_is_refused(self) -> None:
        for command in ("startConsuming", "stopConsuming"):
            self.assertEqual(self.send(command, 7)["code"], 400)
        self.assertEqual(self.send("stopConsuming")["code"], 400)
