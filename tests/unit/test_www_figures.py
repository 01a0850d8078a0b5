"""Metrics and feeds, and what git says of a commit."""

from __future__ import annotations

import json
import re
from pathlib import Path

import feedparser
from prometheus_client.parser import text_string_to_metric_families

from farm.git import Mirror
from tests.farm_worlds import FarmWorld
from tests.interface import known
from tests.repositories import Repository
from tests.stacks import component, stack
from www.api.asked import LineName
from www.api.feed import NAMED, feed
from www.api.history import commit_facts, find_commit
from www.api.metrics import Totals, metrics

CHAIN = {"libogg": (), "libvorbis": ("libogg",)}
LINE = LineName(channel="development", distro="bookworm")


def figures(world: FarmWorld, totals: Totals, state: Path) -> dict[tuple[str, ...], float]:
    """Name and label values to value."""
    workers = [
        {"connected_to": [{"masterid": 1}], "paused": False},
        {"connected_to": [{"masterid": 1}], "paused": True},
        {"connected_to": [], "paused": False},
    ]
    text = metrics(known(world, state=state), totals, workers).decode()
    families = text_string_to_metric_families(text)
    return {(s.name, *s.labels.values()): s.value for one in families for s in one.samples}


def test_ended_builds_are_counted_once_with_their_times(tmp_path: Path) -> None:
    world = FarmWorld(stack(CHAIN))
    totals = Totals(world.now)
    world.push(*CHAIN)
    world.run(seconds=40)
    for _ in range(2):
        found = figures(world, totals, tmp_path)
        assert found["farm_builds_total", "bookworm", "built"] == 2
        assert found["farm_build_duration_seconds_bucket", "bookworm", "30.0"] == 0
        assert found["farm_build_duration_seconds_bucket", "bookworm", "60.0"] == 2
        assert found["farm_build_duration_seconds_sum", "bookworm"] == 80
    world.push("libogg", commit=2)
    world.run("libogg")
    found = figures(world, totals, tmp_path)
    assert found["farm_builds_total", "bookworm", "failed"] == 1
    assert found["farm_components", "development", "bookworm", "blocked"] == 1


def test_the_queue_and_the_workers_are_counted(tmp_path: Path) -> None:
    world = FarmWorld(stack({"libogg": (), "flac": ()}))
    world.push("libogg", "flac")
    starts = world.farm.advance(world.line).starts
    world.farm.began(starts[0].build.key)
    found = figures(world, Totals(world.now), tmp_path)
    assert found["farm_queued_builds", "bookworm"] == 1
    assert found["farm_running_builds", "bookworm"] == 1
    assert found["farm_generation_running", "development", "bookworm"] == 1
    assert [found["farm_workers", s] for s in ("connected", "paused", "missing")] == [1, 1, 1]
    assert found["farm_state_disk_bytes", "free"] > 0


def test_a_feed_says_what_each_snapshot_brought() -> None:
    world = FarmWorld(stack(CHAIN))
    assert feedparser.parse(feed(known(world), LINE)).entries == []
    world.push(*CHAIN)
    world.run()
    world.push("libvorbis", commit=2)
    world.run()
    newest, first = feedparser.parse(feed(known(world), LINE)).entries
    assert newest.title == "Snapshot 2: libvorbis"
    assert newest.content[0].value.startswith("libvorbis 1.0+git2.g0000002-1~deb12 (new commit ")
    assert first.title == "Snapshot 1: libogg, libvorbis"


def test_a_feed_entry_of_a_thousand_components_stays_short() -> None:
    names = {f"lib{number:04}": () for number in range(NAMED + 5)}
    world = FarmWorld(stack(names))
    world.push(*names)
    world.run()
    (entry,) = feedparser.parse(feed(known(world), LINE)).entries
    lines = entry.content[0].value.splitlines()
    assert len(lines) == NAMED + 1 and lines[-1] == "and 5 more"


def test_git_says_which_heads_have_a_commit_and_when_it_was_merged(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    repository.git("init", "-q", "-b", "main")
    start = repository.commit("Start")
    repository.git("switch", "-q", "-c", "side")
    wanted = repository.commit("Change ogg", ogg__code="2")
    repository.git("switch", "-q", "main")
    other = repository.commit("Change vorbis", vorbis__code="2")
    repository.time += 60
    repository.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    merge, merged_at = repository.git("rev-parse", "HEAD"), float(repository.time)
    tip = repository.commit("After")
    mirror = Mirror(tmp_path / "mirror.git", repository.url)
    mirror.update()
    whole = find_commit(mirror, wanted[:9])
    assert whole == wanted and find_commit(mirror, "0123456") == ""

    parts = [component(name, git=repository.url, directory=name) for name in ("ogg", "vorbis")]
    heads = [start, other, merge, tip, "f" * 40]
    facts = commit_facts(mirror, whole, parts, heads)
    assert (facts.subject, facts.components) == ("Change ogg", ("ogg",))
    assert facts.heads.keys() == {merge, tip}
    assert facts.heads[tip].commits == {wanted, merge, tip}
    assert facts.heads[tip].merged_at == merged_at
    direct = commit_facts(mirror, other, parts, [tip])
    assert direct.heads[tip].merged_at == direct.committed_at, "made on the branch itself"


def test_the_dashboard_asks_for_figures_that_there_are(tmp_path: Path) -> None:
    world = FarmWorld(stack(CHAIN))
    world.push(*CHAIN)
    world.run()
    names = {name for name, *_ in figures(world, Totals(world.now), tmp_path)}
    dashboard = json.loads((Path(__file__).parents[2] / "docs" / "grafana.json").read_text())
    asked = re.findall(r"\bfarm_\w+", json.dumps(dashboard["panels"]))
    assert set(asked) <= names
    missing = {n for n in names if n.startswith("farm_")} - set(asked)
    assert missing <= {
        "farm_build_duration_seconds_sum",
        "farm_build_duration_seconds_count",
    }, "every figure is shown"
