"""Properties of a build: what is written is what Buildbot reads."""

from __future__ import annotations

from typing import Any

from buildbot.process.properties import Interpolate, Properties
from buildbot.test.fake import fakemaster
from buildbot.test.reactor import TestReactorMixin
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import defer
from twisted.trial import unittest

from services.tuning import build_properties
from services.tuning.build_properties import BuildProperties, changes
from tests.build_rows import BUILDS


class TestBuildProperties(TestReactorMixin, unittest.TestCase):
    @defer.inlineCallbacks
    def setUp(self) -> Any:
        self.setup_test_reactor()
        self.master = yield fakemaster.make_master(self, wantDb=True, wantData=True, wantMq=True)
        yield self.master.db.insert_test_data(BUILDS)
        self.service = BuildProperties()
        yield self.service.setServiceParent(self.master)
        yield self.service.reconfigService()

    @defer.inlineCallbacks
    def test_they_are_what_buildbot_reads(self) -> Any:
        build = Properties(branch="main", tries=2, none=None)
        build.setProperty("built", Interpolate("%(prop:branch)s-%(prop:tries)s"), "here")
        update = self.master.data.updates.setBuildProperties
        yield update(7, build)
        expected = {
            "branch": ("main", "TEST"),
            "tries": (2, "TEST"),
            "none": (None, "TEST"),
            "built": ("main-2", "here"),
        }
        expected = {name: (value, build.asDict()[name][1]) for name, (value, _) in expected.items()}
        read = self.master.db.builds.getBuildProperties
        self.assertEqual((yield read(7)), expected)
        build.setProperty("tries", 3, "again")
        build.setProperty("digest", {"a": [1]}, "again")
        yield update(7, build)
        changed = {
            "tries": (3, "again"),
            "digest": ({"a": [1]}, "again"),
            "built": ("main-3", "here"),
        }
        self.assertEqual((yield read(7)), {**expected, **changed})
        self.assertEqual((yield read(8)), {})

    @defer.inlineCallbacks
    def test_only_what_changed_is_written_and_told(self) -> Any:
        build = Properties(branch="main")
        told: list[Any] = []
        self.patch(self.master.mq, "produce", lambda key, value: told.append((key, value)))
        yield self.service.write(7, build)
        yield self.service.write(7, build)
        build.setProperty("late", True, "here")
        yield self.service.write(7, build)
        key = ("builds", "7", "properties", "update")
        self.assertEqual([one for one, _ in told], [key, key])
        self.assertEqual(told[1][1], {"late": (True, "here")})

    @defer.inlineCallbacks
    def test_what_was_forgotten_is_written_again(self) -> Any:
        self.patch(build_properties, "REMEMBERED", 1)
        builds = {7: Properties(branch="main"), 8: Properties(branch="next")}
        for number in (7, 8, 7):
            yield self.service.write(number, builds[number])
        for number, build in builds.items():
            found = yield self.master.db.builds.getBuildProperties(number)
            self.assertEqual(found, build.asDict())


VALUES = st.dictionaries(st.sampled_from("abc"), st.tuples(st.integers(0, 2), st.just("x")))


@given(VALUES, VALUES)
def test_what_is_known_and_what_changed_make_up_what_is(before: Any, now: Any) -> None:
    found = changes(before, now)
    assert {**{n: v for n, v in before.items() if n in now}, **found} == now
    assert not any(before.get(name) == value for name, value in found.items())
