"""Rows of Buildbot's tables for two builds of one builder."""

from __future__ import annotations

from buildbot.test import fakedb

BUILDS = [
    fakedb.Master(id=1),
    fakedb.Worker(id=1, name="bench"),
    fakedb.Builder(id=1, name="ogg-bookworm"),
    fakedb.Buildset(id=1),
    fakedb.BuildRequest(id=1, buildsetid=1, builderid=1),
    fakedb.Build(id=7, number=1, builderid=1, buildrequestid=1, workerid=1, masterid=1),
    fakedb.Build(id=8, number=2, builderid=1, buildrequestid=1, workerid=1, masterid=1),
]
