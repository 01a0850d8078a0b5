"""Buildbot's row of one builder, as Buildbot itself reads it among all of them."""

from __future__ import annotations

from buildbot.test import fakedb
from buildbot.test.fake import fakemaster
from buildbot.test.reactor import TestReactorMixin
from twisted.internet import defer
from twisted.trial import unittest

from services.builder_rows import read_one_builder_at_a_time

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


class TestOneBuilder(TestReactorMixin, unittest.TestCase):
    @defer.inlineCallbacks
    def test_it_is_what_the_list_of_all_builders_says(self):
        read_one_builder_at_a_time()
        self.setup_test_reactor()
        master = yield fakemaster.make_master(self, wantDb=True)
        yield master.db.insert_test_data(ROWS)
        for wanted in (yield master.db.builders.getBuilders()):
            found = yield master.db.builders.getBuilder(wanted.id)
            self.assertEqual(found, wanted)
        self.assertIsNone((yield master.db.builders.getBuilder(77)))
