"""What the interface answers across lines: the matrix, troubles, publications, newest commits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.farm_worlds import BOOKWORM_LINE, FarmWorld
from tests.interface import Interface, known
from tests.stacks import BOOKWORM, EL9, component, stack
from www.api import asked
from www.api.answers import matrix, news
from www.api.problem import Problem

CHAIN = {"libogg": (), "libvorbis": ("libogg",), "vorbis-tools": ("libvorbis",)}


def built_world() -> FarmWorld:
    only_deb = component("flac", distros=["bookworm"])
    world = FarmWorld(stack(CHAIN, BOOKWORM, EL9, flac=only_deb))
    world.push(*CHAIN, "flac")
    world.run()
    return world


def the_matrix(world: FarmWorld) -> matrix.Matrix:
    return matrix.matrix(known(world), asked.MatrixQuery(channel="development"))


def test_the_matrix_has_every_component_on_every_distro_of_the_channel() -> None:
    answer = the_matrix(built_world())
    assert answer.distros == ["bookworm", "el9"] and answer.found == 4
    rows = {row.component: row.cells for row in answer.rows}
    assert list(rows) == [*CHAIN, "flac"]
    on_bookworm, on_el9 = rows["libogg"]
    assert on_bookworm and (on_bookworm.state, on_bookworm.key) == ("published", "")
    assert on_bookworm.version == "1.0+git1.g0000001-1~deb12" and on_bookworm.since > 1000
    assert on_el9 and (on_el9.state, on_el9.version, on_el9.since) == ("ready", "", 0.0)
    assert rows["flac"][1] is None, "it is not built for el9"


def test_a_cell_says_what_fails_and_what_waits_for_it() -> None:
    world = built_world()
    world.push("libogg", commit=2)
    world.run("libogg")
    rows = {row.component: row.cells[0] for row in the_matrix(world).rows}
    failed, blocked = rows["libogg"], rows["vorbis-tools"]
    assert failed and failed.state == "failed" and len(failed.key) == 12
    assert blocked and (blocked.state, blocked.waits_for) == ("blocked", ["libvorbis"])
    assert failed.version.startswith("1.0+git1"), "the archive still has it"


def test_a_channel_that_is_none_is_answered_with_one_that_is() -> None:
    with pytest.raises(Problem, match="did you mean 'development'"):
        matrix.matrix(known(built_world()), asked.MatrixQuery(channel="developmen"))


def test_troubles_count_from_the_first_failure_since_the_last_good_build() -> None:
    world = built_world()
    world.push("libogg", commit=2)
    world.run("libogg")
    first = world.now
    world.push("libogg", commit=3)
    world.run("libogg")
    world.push("flac", commit=2)
    world.run("flac")
    answer = news.troubles(known(world), asked.TroublesQuery())
    assert [one.component for one in answer.troubles] == ["libogg", "flac"]
    libogg, flac = answer.troubles
    assert libogg.since <= first < flac.since <= world.now
    assert (libogg.state, libogg.blocks, flac.blocks) == ("failed", 2, 0)
    assert libogg.reason == "test: 3 of 4 tests failed"


def test_what_is_held_back_is_a_trouble_until_it_is_published() -> None:
    world = built_world()
    world.push("flac", commit=2)
    world.run()
    old = world.records.snapshots[BOOKWORM_LINE]
    content = {**old.content, "flac": "0" * 64}
    world.records.put_snapshot(replace(old, content=content, held_back={"flac": "breaks vlc"}))
    (one,) = news.troubles(known(world), asked.TroublesQuery()).troubles
    assert (one.component, one.state, one.reason) == ("flac", "held-back", "breaks vlc")
    cell = {row.component: row.cells[0] for row in the_matrix(world).rows}["flac"]
    assert cell and (cell.state, cell.held_back) == ("built", "breaks vlc")


def test_publications_and_newest_commits_come_newest_first() -> None:
    world = built_world()
    world.push("libogg", commit=2)
    world.run()
    newest, first = news.publications(known(world), asked.NewsQuery()).publications
    assert (newest.snapshot, newest.components, newest.total) == (2, ["libogg"], 1)
    assert (first.snapshot, first.total) == (1, 4)
    pushes = news.pushes(known(world), asked.NewsQuery(limit=1)).pushes
    assert [(one.component, one.subject) for one in pushes] == [("libogg", "Change 2")]


def test_a_large_answer_is_not_made_anew_for_everybody_who_looks() -> None:
    world = built_world()
    interface = Interface(world)
    first = interface.ask("matrix/development")
    world.push("libogg", commit=2)
    world.start()
    assert interface.ask("matrix/development").body == first.body
    assert interface.ask("matrix/development", if_none_match=first.etag).status == 304
    line = interface.told("lines/development/bookworm?state=building")
    assert json.loads(first.body) and line["found"] == 1, "others are as new as ever"
