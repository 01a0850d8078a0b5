"""Topics and pull requests as the planner sees them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from farm.decisions import Step
from farm.heads import Head
from farm.records.rows import Topic
from farm.topics import (
    PULL,
    TOPIC,
    BadTopic,
    Verdict,
    checked_branch,
    checked_days,
    pinned,
    pull_channel,
    refreshed,
    topic_channel,
    verdict_of,
)
from tests.stacks import head, stack
from tests.unit.test_generations import DIAMOND, LINE, World, build_line


@pytest.fixture
def world() -> Iterator[World]:
    """A diamond, built and published."""
    world = World(stack(DIAMOND))
    for name in DIAMOND:
        world.push(name)
    world.publish(world.run())
    yield world
    world.records.close()


def topic_of(world: World, name: str, *heads: Head, kind: str = TOPIC) -> Topic:
    """A topic or pull request on the development channel as it is now."""
    return Topic(
        name=name,
        kind=kind,
        branch="feature",
        component=heads[0].component,
        commit=heads[0].commit,
        base="development",
        heads=pinned("development", world.records.heads),
        reason="a test",
        who="ann",
        created_at=world.now,
        refreshed_at=world.now,
        expires_at=world.now + 1000,
    )


def test_a_topic_builds_only_what_differs_and_is_published_by_itself(world: World) -> None:
    before = world.records.snapshots[LINE].content
    heads = [head("left", 7)]
    world.farm.put_topic(topic_of(world, "topic-migrate", *heads), heads)
    line = ("topic-migrate", "bookworm")
    done, publish = build_line(world, line)
    assert done == ["left", "top"]
    assert publish is not None and publish.line == line
    same = {name for name, key in publish.content.items() if before[name] == key}
    assert same == {"base", "right"}
    assert world.farm.advance(LINE) == Step(), "development is as it was"


def test_a_topic_stays_on_its_base_until_it_is_refreshed(world: World) -> None:
    heads = [head("top", 7)]
    topic = topic_of(world, "topic-migrate", *heads)
    line = (topic.name, "bookworm")
    world.farm.put_topic(topic, heads)
    world.publish_topic(build_line(world, line)[1])
    world.push("base", 2)
    world.publish(world.run())
    assert world.farm.advance(line) == Step()
    again = refreshed(topic, pinned("development", world.records.heads), 3, world.now)
    world.farm.put_topic(again, heads)
    done, publish = build_line(world, line)
    assert done == ["top"], "the rest development has built"
    assert publish is not None


def test_a_topic_that_is_over_leaves_nothing_wanted(world: World) -> None:
    heads = [head("base", 7)]
    world.farm.put_topic(topic_of(world, "topic-x", *heads), heads)
    (start,) = world.farm.advance(("topic-x", "bookworm")).starts
    assert world.farm.unwanted() == []
    assert world.farm.delete_topic("topic-x") == (("topic-x", "bookworm"),)
    assert world.farm.unwanted() == [start.build.key]
    assert ("topic-x", "bookworm") not in world.farm.lines


def test_a_pull_request_is_built_apart_and_never_published(world: World) -> None:
    heads = [head("left", 7)]
    line = ("pr-left-3", "bookworm")
    world.farm.put_topic(topic_of(world, "pr-left-3", *heads, kind=PULL), heads)
    done, publish = build_line(world, line, "top")
    assert done == ["left", "top"] and publish is None
    rows = {row.component: row for row in world.records.builds.values() if row.channel == line[0]}
    assert {row.inputs["trust"] for row in rows.values()} == {"pr-left-3"}
    assert world.farm.advance(line) == Step()
    state = world.farm.line(line)
    verdict = verdict_of(["left"], state.graph, state.plan.nodes)
    assert verdict == Verdict("failure", "top failed")
    assert verdict_of(["left"], state.graph, state.plan.nodes, {"top"}).state == "success"
    topic = world.records.topics["pr-left-3"]
    world.farm.put_topic(topic, [head("left", 8)])
    done, publish = build_line(world, line)
    assert done == ["left", "top"] and publish is None
    state = world.farm.line(line)
    assert verdict_of(["left"], state.graph, state.plan.nodes) == Verdict(
        "success", "built left and 1 of what depends on it"
    )


def test_the_same_commit_as_a_pull_request_is_another_build(world: World) -> None:
    heads = [head("top", 2)]
    world.farm.put_topic(topic_of(world, "pr-top-1", *heads, kind=PULL), heads)
    assert build_line(world, ("pr-top-1", "bookworm"))[0] == ["top"]
    world.push("top", 2)
    assert build_line(world, LINE)[0] == ["top"], "merged: built again by trusted workers"


def test_a_build_that_another_line_wants_too_is_not_taken_back(world: World) -> None:
    world.push("base", 2)
    (start,) = world.farm.advance(LINE).starts
    topic = topic_of(world, "topic-x", head("top", 9))
    world.farm.put_topic(topic, [head("top", 9)])
    world.farm.advance((topic.name, "bookworm"))
    world.push("base", 3)
    assert world.farm.advance(LINE).cancel == (), "the topic waits for it"
    assert start.build.key in world.farm.running


@pytest.mark.parametrize("name", ["migrate", "topic-migrate"])
def test_a_topics_channel_has_the_prefix_once(name: str) -> None:
    assert topic_channel(name) == "topic-migrate"


@pytest.mark.parametrize("name", ["", "Up", "a/b", "../x", "a b", "x" * 80])
def test_a_name_that_could_be_no_path_is_refused(name: str) -> None:
    with pytest.raises(BadTopic, match="cannot be a topic's name"):
        topic_channel(name) if name else topic_channel("/")


def test_branches_and_days_are_checked() -> None:
    assert checked_branch("feature/migrate") == "feature/migrate"
    with pytest.raises(BadTopic):
        checked_branch("--upload-pack=x")
    with pytest.raises(BadTopic):
        checked_days(0)


def test_a_pull_requests_channel_is_a_name_that_can_be_a_path() -> None:
    assert pull_channel("libogg", 12) == "pr-libogg-12"
    assert pull_channel("gtk+3.0", 7) == "pr-gtk-3.0-7"
