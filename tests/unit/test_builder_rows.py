"""Buildbot's row of one builder, as Buildbot itself reads it among all of them."""

from __future__ import annotations

from types import SimpleNamespace

from buildbot.process.builder import Builder
from buildbot.test import fakedb
from buildbot.test.fake import fakemaster
from buildbot.test.reactor import TestReactorMixin
from twisted.internet import defer
from twisted.trial import unittest

from services.tuning import builder_rows
from services.tuning.builder_rows import ask_little_of_builders

ROWS = [
    fakedb.Builder(id=1, name="ogg-bookworm"),
    fakedb.Builder(id=2, name="ogg-trixie"),
    fakedb.Tag(id=10, name="ogg"),
    fakedb.Tag(id=11, name="trixie"),
    fakedb.BuildersTags(id=20, builderid=1, tagid=10),
    fakedb.BuildersTags(id=21, builderid=2, tagid=10),
    fakedb.BuildersTags(id=22, builderid=2, tagid=11),
    fakedb.Master(id=3, name="one"),
    fakedb.Master(id=4, name="two"),
    fakedb.BuilderMaster(id=5, builderid=2, masterid=4),
    fakedb.BuilderMaster(id=6, builderid=2, masterid=3),
]


def test_settings_are_found_by_name() -> None:
    ask_little_of_builders()
    settings = SimpleNamespace(builders=[SimpleNamespace(name=name) for name in "abc"])
    builder = Builder("b")
    assert builder._find_builder_config_by_name(settings) is settings.builders[1]
    settings.builders = [SimpleNamespace(name=name) for name in "b"]
    assert builder._find_builder_config_by_name(settings) is settings.builders[0]


class TestOneBuilder(TestReactorMixin, unittest.TestCase):
    @defer.inlineCallbacks
    def test_it_is_what_the_list_of_all_builders_says(self):
        ask_little_of_builders()
        self.setup_test_reactor()
        master = yield fakemaster.make_master(self, wantDb=True)
        yield master.db.insert_test_data(ROWS)
        for wanted in (yield master.db.builders.getBuilders()):
            found = yield master.db.builders.getBuilder(wanted.id)
            self.assertEqual(found, wanted)
        self.assertIsNone((yield master.db.builders.getBuilder(77)))

    @defer.inlineCallbacks
    def test_a_row_is_written_when_it_differs(self):
        ask_little_of_builders()
        self.setup_test_reactor()
        master = yield fakemaster.make_master(self, wantDb=True)
        yield master.db.insert_test_data(ROWS)
        builders = master.db.builders
        written = []
        write = builder_rows._update
        self.patch(builder_rows, "_update", lambda *row: written.append(row[1:]) or write(*row))
        same = (None, None, None, None)
        yield builders.updateBuilderInfo(1, *same, ["ogg"])
        yield builders.updateBuilderInfo(2, *same, ["trixie", "ogg"])
        self.assertEqual(written, [])
        yield builders.updateBuilderInfo(2, *same, ["ogg"])
        yield builders.updateBuilderInfo(1, "Ogg", *same[1:], ["ogg"])
        self.assertEqual([row[0] for row in written], [2, 1])
        self.assertEqual((yield builders.getBuilder(2)).tags, ["ogg"])
        self.assertEqual((yield builders.getBuilder(1)).description, "Ogg")

    @defer.inlineCallbacks
    def test_the_id_of_a_tag_is_looked_up_once(self):
        ask_little_of_builders()
        self.setup_test_reactor()
        master = yield fakemaster.make_master(self, wantDb=True)
        yield master.db.insert_test_data(ROWS)
        tags = master.db.tags
        self.assertEqual((yield tags.findTagId("trixie")), 11)
        new = yield tags.findTagId("forky")
        self.assertNotIn(new, (10, 11))
        lookups = []
        self.patch(tags, "findSomethingId", lookups.append)
        self.assertEqual((yield tags.findTagId("trixie")), 11)
        self.assertEqual((yield tags.findTagId("forky")), new)
        self.assertEqual(lookups, [])
