"""Topics from end to end: made with the command line, built, published, refreshed, ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.diamond import ALL_PUBLISHED, LINE, diamond
from tests.farms import BIN, TestFarm, change, git
from tests.topics import branch, command, push, told, topic_line, wait_settled

pytestmark = pytest.mark.real


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[TestFarm]:
    """A diamond of four components, built."""
    with diamond(tmp_path) as farm:
        yield farm


def published(farm: TestFarm, channel: str) -> dict[str, str]:
    """Component to commit, in a channel's archive."""
    text = (farm.state / "archive" / channel / "bookworm").read_text()
    return {package["component"]: package["commit"] for package in json.loads(text)["packages"]}


def archives(farm: TestFarm) -> set[str]:
    """Channels that have an archive."""
    return {path.parent.name for path in (farm.state / "archive").glob("*/*")}


def development(farm: TestFarm) -> dict[str, Any]:
    return dict(told(farm, f"lines/{LINE}"))


def test_a_topic_builds_what_differs_and_publishes_beside_development(farm: TestFarm) -> None:
    before, main = development(farm), published(farm, "development")
    left = branch(farm, "feature/migrate", "left", code="2")
    right = branch(farm, "feature/migrate", "right", code="2")
    command(farm, "topic", "create", "migrate", "--branch", "feature/migrate", "--reason", "Try")
    wait_settled(farm, "migrate")
    assert farm.started()[4:-1] in (["left", "right"], ["right", "left"])
    assert farm.started()[-1] == "top", "base is as development has it"
    assert published(farm, "topic-migrate") == {
        **{name: commit for name, commit in main.items() if name in ("base", "top")},
        **{"left": left, "right": right},
    }
    assert development(farm) == before, "untouched"
    shown = command(farm, "topic", "show", "migrate")
    assert f"{farm.archive_url}topic-migrate/bookworm/" in shown
    assert "branch feature/migrate of left, right; the rest of development" in shown


def test_a_topic_stays_on_its_base_until_it_is_refreshed(farm: TestFarm) -> None:
    branch(farm, "migrate", "left", code="2")
    command(farm, "topic", "create", "migrate")
    wait_settled(farm, "migrate")
    base = push(farm, "base", code="2")
    farm.wait("development has it", lambda: published(farm, "development")["base"] == base)
    farm.wait_states(LINE, **ALL_PUBLISHED)
    assert published(farm, "topic-migrate")["base"] != base
    assert topic_line(farm, "migrate")["snapshot"] == 1
    started = len(farm.started())
    command(farm, "topic", "refresh", "migrate", "--days", "3")
    wait_settled(farm, "migrate")
    assert published(farm, "topic-migrate")["base"] == base
    assert set(farm.started()[started:]) == {"left", "top"}, "base and right come from development"
    left = farm.base / "git" / "left"
    assert farm.hook(f"file://{left}") == 200
    assert "nothing that the farm builds" not in command(farm, "topic", "show", "migrate")


def test_a_push_to_the_topics_branch_is_built_at_once(farm: TestFarm) -> None:
    branch(farm, "migrate", "left", code="2")
    command(farm, "topic", "create", "migrate")
    wait_settled(farm, "migrate")
    failing = branch(farm, "other", "right", behaviour="fail")
    repository = farm.base / "git" / "right"
    farm.run("git", "-C", str(repository), "branch", "migrate", failing)
    assert farm.hook(f"file://{repository}", branch="migrate") == 200
    wait_settled(farm, "migrate", "failure")
    line = topic_line(farm, "migrate")
    assert line["description"] == "right failed" and line["counts"]["failed"] == 1
    assert farm.states(LINE) == ALL_PUBLISHED


def test_two_topics_a_restart_and_the_end_of_both(farm: TestFarm) -> None:
    branch(farm, "one", "left", code="one")
    branch(farm, "two", "left", code="two")
    branch(farm, "two", "right", behaviour="hang")
    command(farm, "topic", "create", "one")
    command(farm, "topic", "create", "two", "--base", "development")
    farm.wait("the second one hangs", lambda: farm.started().count("right") == 2)
    farm.kill(farm.master)
    farm.start_master()
    farm.wait("the farm knows its topics again", lambda: len(told(farm, "topics")["topics"]) == 2)
    wait_settled(farm, "one")
    assert topic_line(farm, "two")["verdict"] == "pending"
    assert published(farm, "topic-one")["left"] != published(farm, "development")["left"]
    command(farm, "topic", "delete", "two")
    assert [t["name"] for t in told(farm, "topics")["topics"]] == ["topic-one"]
    command(farm, "topic", "refresh", "one", "--days", f"{3 / 86400}")
    farm.wait("it expires", lambda: told(farm, "topics")["topics"] == [])
    farm.wait("its archive is withdrawn", lambda: archives(farm) == {"development"})
    assert farm.states(LINE) == ALL_PUBLISHED
    branch(farm, "three", "base", code="three")
    command(farm, "topic", "create", "one", "--branch", "three")
    wait_settled(farm, "one")
    assert set(published(farm, "topic-one")) == set(ALL_PUBLISHED), "a name can be used again"


def test_a_developer_pushes_a_topic_from_a_workspace(farm: TestFarm, tmp_path: Path) -> None:
    workspace = tmp_path / "ws"
    command(farm, "init", str(farm.base / "components.yml"), str(workspace))

    def here(*arguments: str) -> str:
        place = ("env", "-u", "FARM_SITE", f"FARM_WORKSPACE={workspace}")
        return farm.run(*place, BIN / "farm", *arguments)

    here("clone", "left", "right")
    with pytest.raises(AssertionError, match=r"no checkout of this workspace is on branch migrate"):
        here("topic", "push", "migrate", "--farm", farm.url)
    git(workspace / "left", "switch", "-q", "-c", "migrate")
    commit = change(workspace / "left", {"code": "2"})
    said = here("topic", "push", "migrate", "--wait", "--farm", farm.url, "--reason", "Mine")
    assert "bookworm: success: built left and 1 of what depends on it" in said
    assert f"{farm.archive_url}topic-migrate/bookworm/" in said
    assert published(farm, "topic-migrate")["left"] == commit
    git(workspace / "right", "switch", "-q", "-c", "migrate")
    change(workspace / "right", {"behaviour": "fail"})
    with pytest.raises(AssertionError, match="bookworm: failure: right failed"):
        here("topic", "push", "migrate", "--wait")
    topic = json.loads(here("topic", "show", "migrate", "--json"))
    assert topic["components"] == ["left", "right"], "the workspace remembers its farm"
