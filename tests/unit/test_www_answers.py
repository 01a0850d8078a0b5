"""What the interface answers, from the plans and records of a farm without Buildbot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.records.rows import Topic
from farm.topics import PULL, TOPIC, pinned
from tests.farm_worlds import FarmWorld
from tests.interface import known
from tests.stacks import EL9, head, stack
from www.api import asked
from www.api.answers import builds, commits, components, generations, lines, topics
from www.api.history import CommitFacts, Containing
from www.api.model import Line
from www.api.problem import Problem

CHAIN = {"libogg": (), "libvorbis": ("libogg",), "vorbis-tools": ("libvorbis",), "flac": ()}
BOOKWORM = {"channel": "development", "distro": "bookworm"}


def built_world() -> FarmWorld:
    world = FarmWorld(stack(CHAIN))
    world.push(*CHAIN)
    world.run()
    return world


def line(world: FarmWorld, **query: object) -> Line:
    wanted = asked.LineQuery.model_validate({**BOOKWORM, **query})
    return lines.line(known(world), wanted)


def test_a_line_says_how_each_component_stands_in_build_order() -> None:
    world = built_world()
    answer = line(world)
    assert (answer.state, answer.counts, answer.total) == ("idle", {"published": 4}, 4)
    assert answer.archive == "http://127.0.0.1:8020/development/bookworm/"
    names = [one.component for one in answer.components]
    assert names.index("libogg") < names.index("libvorbis") < names.index("vorbis-tools")
    assert {one.version for one in answer.components} == {"1.0+git1.g0000001-1~deb12"}


def test_what_waits_fails_and_is_blocked_is_found_by_state_and_name() -> None:
    world = built_world()
    world.push("libogg", commit=2)
    begun = world.start()
    answer = line(world, state="waiting")
    assert [one.component for one in answer.components] == ["libvorbis", "vorbis-tools"]
    assert answer.components[0].waits_for == ["libogg"]
    assert answer.components[0].version.startswith("1.0+git1"), "the archive still has it"
    world.farm.failed(begun["libogg"].key, "test", "3 of 4 tests failed")
    answer = line(world, state="failed,blocked")
    assert [one.state for one in answer.components] == ["failed", "blocked", "blocked"]
    assert answer.components[0].reason == "test: 3 of 4 tests failed"
    assert line(world, text="vorbis", offset=1, limit=1).found == 2


def test_a_commit_that_came_too_late_is_marked() -> None:
    world = built_world()
    world.push("libogg", commit=2)
    world.start()
    world.push("libogg", commit=3)
    (one,) = line(world, text="libogg").components
    assert one.next_generation and one.newest_commit == f"{3:040x}"


def test_names_that_are_wrong_come_back_with_one_that_is_right() -> None:
    with pytest.raises(Problem, match="there is no distro 'bokworm'; did you mean 'bookworm'"):
        line(built_world(), distro="bokworm")
    wanted = asked.ComponentQuery(name="libog")
    with pytest.raises(Problem, match="did you mean 'libogg'"):
        components.component(known(built_world()), wanted)


def test_a_component_has_neighbours_lines_and_builds_with_reasons() -> None:
    world = built_world()
    world.push("libogg", commit=2)
    world.run()
    page = components.component(known(world), asked.ComponentQuery(name="libvorbis", builds=1))
    assert (page.depends, page.dependents) == (["libogg"], ["vorbis-tools"])
    (here,) = page.lines
    assert here.standing.state == "published"
    (build,) = here.builds
    assert build.reasons[0].startswith(
        "dependency libogg changed (1.0+git1.g0000001-1~deb12 became"
    )
    older = asked.ComponentQuery(name="libvorbis", before=build.requested_at)
    (first,) = components.component(known(world), older).lines[0].builds
    assert first.reasons == ["first build"]


def test_components_are_listed_by_name() -> None:
    wanted = asked.ComponentsQuery(text="vorbis", limit=1)
    answer = components.components(known(built_world()), wanted)
    assert (answer.found, [one.name for one in answer.components]) == (2, ["libvorbis"])


def generation(world: FarmWorld, **settings: object) -> generations.GenerationPage:
    return generations.generation(known(world, **settings), asked.GenerationQuery(**BOOKWORM))


def test_a_running_generation_has_its_longest_path_and_its_end() -> None:
    world = built_world()
    world.push("libogg", "flac", commit=2)
    world.start()
    page = generation(world)
    assert page.running and page.number == 2
    assert {one.component for one in page.building} == {"libogg", "flac"}
    assert [one.component for one in page.waiting] == ["libvorbis", "vorbis-tools"]
    path = [(one.component, one.expected_s) for one in page.remaining_path]
    assert path == [("libogg", 60.0), ("libvorbis", 60.0), ("vorbis-tools", 60.0)]
    assert page.remaining_s == 180.0
    assert page.estimated_finish == world.now + 240, "one worker does four builds"
    workers = {"one": {"builds": 4}, "pulls": {"untrusted": True}}
    assert generation(world, workers=workers).estimated_finish == world.now + 180
    elsewhere = {"one": {"distros": ["el9"]}}
    assert generation(world, workers=elsewhere).estimated_finish is None
    world.now += 45
    assert generation(world, workers=workers).estimated_finish == world.now + 135
    world.now += 100
    assert generation(world, workers=workers).estimated_finish == world.now + 121, "ends soon"


def test_a_generation_that_is_over_lists_what_it_built_in_order() -> None:
    world = built_world()
    page = generation(world)
    assert not page.running and page.estimated_finish is None and page.remaining_path == []
    assert len(page.done) == 4 and page.done[-1].component == "vorbis-tools"


def test_a_build_is_found_by_the_first_digits_of_its_key() -> None:
    world = built_world()
    (one,) = line(world, text="libvorbis").components
    here = known(world)
    page = builds.build(here, builds.build_row(here, one.key[:10]), "http://page")
    assert page.key == one.key and page.reasons == ["first build"]
    assert [(used.component, used.version) for used in page.uses] == [
        ("libogg", "1.0+git1.g0000001-1~deb12")
    ]
    assert page.page == "http://page" and page.attempts[0].outcome == "built"
    with pytest.raises(Problem, match="no build whose key begins with ffffff"):
        builds.build_row(here, "ffffff")


def where(world: FarmWorld, name: str, commit: int, *having: int) -> commits.CommitOnLine:
    """Where a commit is that the commits `having` contain."""
    wanted = f"{commit:040x}"
    found = Containing(frozenset({wanted, *(f"{one:040x}" for one in having)}), 7.0)
    facts = CommitFacts(wanted, "", "", 7.0, (name,), dict.fromkeys(found.commits, found))
    (only,) = commits.commit(known(world), facts).lines
    return only


def test_a_commit_is_merged_built_published_or_held_by_something() -> None:
    world = built_world()
    first = where(world, "libvorbis", 1)
    assert (first.stage, first.snapshot, first.holds) == ("published", 1, "")
    assert first.merged_at == 7.0 and first.built_at and first.published_at
    assert where(world, "libvorbis", 9).stage == "not merged"
    assert where(world, "libvorbis", 9).holds == "main does not have it"

    world.push("libogg", "libvorbis", commit=2)
    assert where(world, "libvorbis", 2).stage == "merged"
    begun = world.start()
    waiting = where(world, "libvorbis", 2)
    assert (waiting.stage, waiting.holds) == ("merged", "waits for libogg to be built first")
    assert where(world, "libogg", 2).holds == "it is being built"
    world.push("libogg", commit=3)
    late = where(world, "libogg", 3)
    assert late.holds == "it came too late for generation 2, and waits for the next"
    world.farm.failed(begun["libogg"].key, "test", "3 of 4 tests failed")
    assert where(world, "libvorbis", 2).holds == "blocked by libogg"
    failed = where(world, "libogg", 2, 3)
    assert failed.holds == "it does not build: test: 3 of 4 tests failed"
    world.push("libogg", commit=4)
    world.run()
    mended = where(world, "libogg", 3, 4)
    assert mended.stage == "published", "a later commit brought it"
    assert mended.version.startswith("1.0+git4.")


def test_a_commit_that_is_held_back_says_why() -> None:
    world = built_world()
    world.push("libogg", commit=2)
    while rows := world.start():
        for row in rows.values():
            world.farm.built(row.key, f"output-{row.source}")
    publish = world.farm.advance(world.line).publish
    assert publish is not None
    old = world.records.snapshots[world.line].content
    kept = {**publish.content, "libogg": old["libogg"]}
    world.farm.published(publish, 2, kept, {"libogg": "breaks flac"})
    held = where(world, "libogg", 2)
    assert (held.stage, held.holds) == ("built", "held back: breaks flac")
    (one,) = line(world, state="held-back").components
    assert one.component == "libogg"


def topic_of(world: FarmWorld, kind: str = TOPIC, name: str = "topic-migrate") -> Topic:
    return Topic(
        name=name,
        kind=kind,
        branch="migrate",
        base="development",
        heads=pinned("development", world.records.heads),
        reason="Try",
        who="ada",
        created_at=world.now,
        refreshed_at=world.now,
        expires_at=world.now + 100,
    )


def test_a_topic_has_a_verdict_on_every_distro_and_its_commits_are_found() -> None:
    world = FarmWorld(stack(CHAIN, EL9))
    world.line = ("development", "el9")
    world.push(*CHAIN)
    world.run()
    world.farm.put_topic(topic_of(world), [head("libvorbis", 5)])
    world.line = ("topic-migrate", "el9")
    page = topics.topic(known(world), "migrate")
    assert page.components == ["libvorbis"]
    (here,) = page.lines
    assert (here.verdict, here.description) == ("pending", "2 of 2 builds to go")
    world.run()
    (here,) = topics.topic(known(world), "topic-migrate").lines
    assert (here.verdict, here.counts) == ("success", {"published": 4})
    assert here.archive == "http://127.0.0.1:8020/topic-migrate/el9/"
    wanted = f"{5:040x}"
    found = Containing(frozenset([wanted]), 7.0)
    facts = CommitFacts(wanted, "", "", 7.0, ("libvorbis",), {wanted: found})
    stages = [(one.channel, one.stage) for one in commits.commit(known(world), facts).lines]
    assert stages == [("development", "not merged"), ("topic-migrate", "published")]
    old = f"{1:040x}"
    first = replace(facts, commit=old, heads={old: Containing(frozenset([old]), 7.0)})
    channels = [one.channel for one in commits.commit(known(world), first).lines]
    assert channels == ["development"], "what a topic only takes over is not its own"


def test_topics_and_pull_requests_are_listed_apart_the_newest_first() -> None:
    world = built_world()
    world.farm.put_topic(topic_of(world), [])
    world.now += 1
    world.farm.put_topic(topic_of(world, PULL, "pr-libogg-7"), [head("libogg", 6)])
    here = known(world)
    names = [one.name for one in topics.topics(here, asked.TopicsQuery()).topics]
    assert names == ["pr-libogg-7", "topic-migrate"]
    assert topics.topics(here, asked.TopicsQuery(kind="pull", limit=1)).found == 1
    kinds = {one.kind for one in lines.lines(here, asked.LinesQuery(kind="")).lines}
    assert kinds == {"channel", "topic", "pull"}
    assert lines.lines(here, asked.LinesQuery()).found == 1
    with pytest.raises(Problem, match="there is no topic 'migrat'; did you mean 'migrate'"):
        topics.topic(here, "migrat")
