"""What the interface says of failures, neighbours, snapshots and builds over time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from twisted.internet import defer

from farm.failure.model import Failure, KeptFailure, Kind, LogPlace
from farm.local.like import wanted_of
from farm.model import Component, Root
from farm.records.store import BuildRow
from tests.farm_worlds import BOOKWORM_LINE, FarmWorld
from tests.interface import Interface, known
from tests.jobs import DEB, job, package
from tests.stacks import stack
from www.api import history_edges
from www.api.answers import builds, components, graphs, runs, snapshots
from www.api.asked import BuildName, ComponentQuery
from www.api.asked_history import GraphQuery, LogQuery
from www.api.problem import Problem

CHAIN = {"libogg": (), "libvorbis": ("libogg",), "vorbis-tools": ("libvorbis", "libogg")}
FOUND = Failure(
    kind=Kind.TEST, message="test failed: crc", line=7, context=("FAIL: crc",), tests=("crc",)
)
PLACE = LogPlace(builder=3, build=4, step=5, before=2)
LOG_URL = "http://127.0.0.1:8010/#/builders/3/builds/4/steps/5/logs/stdio"


def world() -> FarmWorld:
    one = FarmWorld(stack(CHAIN))
    one.push(*CHAIN)
    one.run()
    return one


def broken_world(commit: int = 2) -> tuple[FarmWorld, BuildRow]:
    """libogg does not build at its newest commit."""
    one = world()
    one.push("libogg", commit=commit)
    row = one.start()["libogg"]
    one.farm.failed(row.key, "build", FOUND.message)
    one.records.keep_failure(row.key, KeptFailure(failure=FOUND, place=PLACE))
    return one, row


def test_a_failed_build_has_its_first_error_and_where_the_log_is() -> None:
    one, row = broken_world()
    page = builds.build(known(one), builds.build_row(known(one), row.key[:8]), None)
    assert page.failure is not None
    assert (page.failure.kind, page.failure.line, page.failure.tests) == ("test", 7, ["crc"])
    assert page.failure.log == LOG_URL
    assert page.passed_later == ""


def test_a_component_says_since_which_commit_it_fails() -> None:
    one, row = broken_world()
    page = components.component(known(one), ComponentQuery(name="libogg"))
    broken = page.lines[0].broken
    assert broken is not None
    assert (broken.good_commit, broken.bad_commit) == (f"{1:040x}", f"{2:040x}")
    assert (broken.bad_key, broken.own, broken.failed) == (row.key, True, 1)
    good = components.component(known(one), ComponentQuery(name="libvorbis"))
    assert good.lines[0].broken is None


def test_what_fails_and_then_passes_with_the_same_inputs_failed_by_chance() -> None:
    one, row = broken_world()
    one.farm.force(["libogg"], "bookworm", "development", "again", "ada", {})
    one.run()
    page = components.component(known(one), ComponentQuery(name="libogg"))
    (chance,) = page.lines[0].by_chance
    assert chance.failed_key == row.key
    failed = builds.build(known(one), builds.build_row(known(one), row.key), None)
    assert failed.passed_later == chance.passed_key
    rows = runs.rows_of(known(one), "libogg", BOOKWORM_LINE, 10)
    went = runs.runs(known(one), "libogg", BOOKWORM_LINE, rows, {}).runs
    assert [(run.outcome, run.tests, run.by_chance) for run in went] == [
        ("built", "", False),
        ("failed", "failed", True),
        ("built", "", False),
    ]
    assert went[1].failed_tests == ["crc"]


def test_neighbours_are_shown_step_by_step_in_both_directions() -> None:
    one = known(world())
    near = graphs.graph(one, "libvorbis", BOOKWORM_LINE, 1)
    assert {node.component: node.depth for node in near.nodes} == {
        "libogg": -1,
        "libvorbis": 0,
        "vorbis-tools": 1,
    }
    assert {(edge.dependency, edge.dependent) for edge in near.edges} == {
        ("libogg", "libvorbis"),
        ("libvorbis", "vorbis-tools"),
        ("libogg", "vorbis-tools"),
    }
    base = graphs.graph(one, "libogg", BOOKWORM_LINE, 1)
    assert {node.component for node in base.nodes} == set(CHAIN)
    far = graphs.graph(one, "libogg", BOOKWORM_LINE, 5)
    assert {node.component: node.depth for node in far.nodes}["vorbis-tools"] == 2


def test_what_is_further_away_is_counted() -> None:
    chain = {f"c{n}": (f"c{n - 1}",) if n else () for n in range(4)}
    one = FarmWorld(stack(chain))
    page = graphs.graph(known(one), "c0", BOOKWORM_LINE, 1)
    assert {node.component: node.more for node in page.nodes} == {"c0": 0, "c1": 1}


def test_a_picture_has_the_nearest_where_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(graphs, "MOST_NODES", 2)
    page = graphs.graph(known(world()), "libogg", BOOKWORM_LINE, 5)
    assert ([node.component for node in page.nodes], page.left_out) == (["libogg", "libvorbis"], 1)


def test_a_snapshot_says_what_it_changed() -> None:
    one = world()
    first = snapshots.snapshot(known(one), BOOKWORM_LINE, 0)
    assert (first.number, first.before, {c.what for c in first.changes}) == (1, 0, {"added"})
    one.push("libvorbis", commit=2)
    one.run()
    page = snapshots.snapshot(known(one), BOOKWORM_LINE, 2)
    assert [change.component for change in page.changes] == ["libvorbis"]
    (changed,) = page.changes
    assert (changed.what, changed.commit_before, changed.commit_after) == (
        "changed",
        f"{1:040x}",
        f"{2:040x}",
    )
    assert page.manifest.endswith("/snapshots/development/bookworm/2/manifest.json")
    with pytest.raises(Problem, match="no snapshot 7; the live one is 2"):
        snapshots.snapshot(known(one), BOOKWORM_LINE, 7)


def test_a_line_without_snapshot_has_none() -> None:
    with pytest.raises(Problem, match="has published nothing yet"):
        snapshots.snapshot(known(FarmWorld(stack(CHAIN))), BOOKWORM_LINE, 0)


class Logs:
    """Buildbot's data, of one log."""

    def __init__(self, text: str | None):
        self.text = text
        self.asked: list[Any] = []

    async def get(self, path: tuple[Any, ...], **query: Any) -> Any:
        if self.text is None:
            return None
        lines = self.text.splitlines(keepends=True)
        if path[-1] != "contents":
            return {"num_lines": len(lines)}
        first = query["offset"]
        return {"content": "".join(lines[first : first + query["limit"]])}


def log_part(one: FarmWorld, text: str | None, row: BuildRow, **query: Any) -> Any:
    source = Interface(one).source
    source.master = SimpleNamespace(data=Logs(text))
    found: list[Any] = []
    asked = LogQuery(key=row.key[:10], **query)
    defer.ensureDeferred(history_edges.log_part(source, asked)).addBoth(found.append)
    return found[0]


def test_lines_of_a_log_are_numbered_as_the_build_printed_them() -> None:
    one, row = broken_world()
    text = "h argv\nh in dir\noone\notwo\nethree\n".replace("h ", "h")
    part = log_part(one, text, row, first=2, lines=2)
    assert (part.first, part.total, part.lines) == (2, 3, ["two", "three"])
    assert part.page == LOG_URL
    assert log_part(one, text, row, first=99).lines == []


def test_a_log_that_is_gone_is_said_to_be() -> None:
    one, row = broken_world()
    gone = log_part(one, None, row)
    assert gone.check(Problem) and "any more" in gone.getErrorMessage()
    built = one.records.builds_of(*BOOKWORM_LINE, "libvorbis")[0]
    assert "no log of a failure" in log_part(one, "", built).getErrorMessage()


def test_a_job_is_told_without_credentials() -> None:
    one, row = broken_world()
    made = Component(name="libogg", git="https://ann:secret@host/libogg.git")
    root = {"suite": "bookworm", "mirror": "https://bob:secret@mirror/debian"}
    distro = DEB.model_copy(update={"root": Root.model_validate(root)})
    given = package("tiny", key=one.records.builds_of(*BOOKWORM_LINE, "libogg")[1].key)
    given = given.model_copy(update={"component": "libogg"})
    text = job(made, "1" * 40, distro=distro, inputs=(given,)).model_dump_json()
    interface = Interface(one)
    jobs = SimpleNamespace(read=lambda _key: text)
    interface.source.scheduler.state.jobs = jobs
    found: list[Any] = []
    with mock.patch.object(history_edges.threads, "deferToThread", defer.maybeDeferred):
        answer = history_edges.build_job(interface.source, BuildName(key=row.key))
        defer.ensureDeferred(answer).addBoth(found.append)
    (told,) = found
    assert "secret" not in told.model_dump_json() and told.job["pool_url"] == ""
    assert wanted_of(told.model_dump()).job.commit == "1" * 40
    assert told.archives[given.key] == [
        "http://127.0.0.1:8020/development/bookworm/",
        "http://127.0.0.1:8020/snapshots/development/bookworm/1/",
    ]


def test_the_addresses_answer() -> None:
    interface = Interface(broken_world()[0])
    assert interface.told("components/libogg/graph?depth=2")["nodes"]
    assert interface.told("snapshots/development/bookworm")["number"] == 1
    assert interface.ask("components/libogg/graph?depth=0").status == 400
    assert interface.ask("components/libog/graph").status == 404


def test_a_component_has_neighbours_only_where_it_is_built() -> None:
    one = known(world())
    assert history_edges.line_of(one, GraphQuery(name="libogg")) == BOOKWORM_LINE
    with pytest.raises(Problem, match="there is no distro 'el9'"):
        history_edges.line_of(one, GraphQuery(name="libogg", distro="el9"))
