"""Pull requests from end to end: untrusted code built apart, and its verdict told to the forge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from farm import pool
from tests.diamond import ALL_PUBLISHED, LINE, diamond
from tests.farms import TestFarm, git
from tests.github import TOKEN, GitHub, github, pull_request
from tests.topics import branch, push, told

pytestmark = pytest.mark.real

WORKERS = {"trusted": {"builds": 2}, "visitors": {"untrusted": True}}


@pytest.fixture
def hub() -> Iterator[GitHub]:
    with github() as hub:
        yield hub


@pytest.fixture
def farm(tmp_path: Path, hub: GitHub) -> Iterator[TestFarm]:
    """A diamond whose repositories are at a forge that sends pull requests."""
    secrets = tmp_path / "state" / "secrets"
    secrets.mkdir(parents=True, mode=0o700)
    (secrets / "github").write_text(f"{TOKEN}\n")
    (secrets / "github").chmod(0o600)
    hooks = ["github", "base"]
    with diamond(tmp_path, workers=WORKERS, hooks=hooks, github_api=hub.url) as farm:
        yield farm


def proposed(farm: TestFarm, component: str, number: int, **files: str) -> str:
    """A commit that only a pull request has."""
    commit = branch(farm, f"proposal-{number}", component, **files)
    repository = farm.base / "git" / component
    git(repository, "update-ref", f"refs/pull/{number}/head", commit)
    git(repository, "branch", "-q", "-D", f"proposal-{number}")
    return commit


def wait_said(farm: TestFarm, hub: GitHub, commit: str, *states: str) -> None:
    wanted = [("Farm/bookworm", state) for state in states]
    farm.wait(f"the forge hears {states}", lambda: hub.said(commit) == wanted)


def built_by(farm: TestFarm) -> dict[str, set[str]]:
    """Worker to the builders that it built for."""
    names = {worker["workerid"]: worker["name"] for worker in farm.get("workers")["workers"]}
    builders = {one["builderid"]: one["name"] for one in farm.get("builders")["builders"]}
    found: dict[str, set[str]] = {name: set() for name in names.values()}
    for build in farm.get("builds")["builds"]:
        found[names[build["workerid"]]].add(builders[build["builderid"]])
    return found


def in_pool(farm: TestFarm, name: str) -> set[str]:
    return set(pool.keys(farm.state / name))


def test_a_pull_request_is_built_apart_and_its_verdict_is_told(farm: TestFarm, hub: GitHub) -> None:
    trusted, before = in_pool(farm, "pool"), told(farm, f"lines/{LINE}")
    commit = proposed(farm, "left", 7, code="theirs")
    assert pull_request(farm, "left", 7, commit) == 200
    wait_said(farm, hub, commit, "pending", "success")
    said = hub.statuses[-1]
    assert said["repository"] == "git/left"
    assert said["description"] == "built left and 1 of what depends on it"
    assert farm.started()[4:] == ["left", "top"]

    assert built_by(farm)["visitors"] == {"pull_left-bookworm", "pull_top-bookworm"}
    assert not any(name.startswith("pull_") for name in built_by(farm)["trusted"])
    assert len(in_pool(farm, "pool-untrusted")) == 2
    assert in_pool(farm, "pool") == trusted
    assert [path.parent.name for path in (farm.state / "archive").glob("*/*")] == ["development"]
    assert told(farm, f"lines/{LINE}") == before
    (topic,) = told(farm, "topics")["topics"]
    assert (topic["kind"], topic["who"], topic["components"]) == ("pull", "stranger", ["left"])

    commit = push(farm, "left", code="theirs")
    farm.wait_states(LINE, **ALL_PUBLISHED)
    farm.wait("it is merged", lambda: _commit(farm, "left") == commit)
    farm.wait_states(LINE, **ALL_PUBLISHED)
    assert farm.started()[6:] == ["left", "top"], "nothing of the untrusted pool is used"


def _commit(farm: TestFarm, component: str) -> Any:
    return farm.status()["lines"][LINE]["components"][component]["commit"]


def test_each_commit_of_a_pull_request_gets_its_verdict(farm: TestFarm, hub: GitHub) -> None:
    broken = proposed(farm, "base", 8, behaviour="fail")
    hub.refuse = 1
    assert pull_request(farm, "base", 8, broken) == 200
    farm.wait("the forge hears of it", lambda: ("Farm/bookworm", "failure") in hub.said(broken))
    assert hub.statuses[-1]["description"] == "base failed"
    mended = proposed(farm, "base", 8, code="better")
    assert pull_request(farm, "base", 8, mended, "synchronize") == 200
    wait_said(farm, hub, mended, "pending", "success")
    assert hub.said(broken)[-1][1] == "failure", "the old commit's verdict stays"
    assert farm.states(LINE) == ALL_PUBLISHED
    assert farm.states("pr-base-8/bookworm")["base"] == "built"


def test_what_is_built_for_a_pull_request_ends_when_it_is_closed(
    farm: TestFarm, hub: GitHub
) -> None:
    commit = proposed(farm, "left", 9, behaviour="wait")
    assert pull_request(farm, "left", 9, commit) == 200
    wait_said(farm, hub, commit, "pending")
    assert pull_request(farm, "left", 9, commit, "closed") == 200
    farm.wait("its topic is over", lambda: told(farm, "topics")["topics"] == [])
    farm.wait("its line is gone", lambda: list(farm.status()["lines"]) == [LINE])
    (farm.state / "go").touch()
    farm.wait(
        "nothing is left of it",
        lambda: farm.get("buildrequests?complete=false")["buildrequests"] == [],
    )
    assert farm.states(LINE) == ALL_PUBLISHED
    assert "top" not in farm.started()[4:], "what depends on it is not built"


def test_workers_for_untrusted_code_cannot_write_the_pool_of_the_others(farm: TestFarm) -> None:
    key, url = "ab" * 32, farm.pool_url
    token = (farm.state / "secrets" / "pool-token-untrusted").read_text().strip()

    def as_visitor(method: str, path: str, **options: Any) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(
            method, url + path, headers=headers, timeout=20, **options
        ).status_code

    assert as_visitor("PUT", f"incoming/{key}/evil.txt", data=b"evil") == 201
    assert (farm.state / "pool-untrusted" / "incoming" / key / "evil.txt").exists()
    assert not list((farm.state / "pool").glob(f"**/{key}*"))
    known = next(pool.keys(farm.state / "pool"))
    assert as_visitor("GET", f"{known}/result.json") == 200, "what everybody may install"
    headers = {"Authorization": "Bearer nothing"}
    assert requests.get(f"{url}{known}/result.json", headers=headers, timeout=20).status_code == 401
    commit = proposed(farm, "left", 9, code="theirs")
    farm.kill(farm.worker("visitors"))
    assert pull_request(farm, "left", 9, commit) == 200
    farm.wait("it waits", lambda: told(farm, "topics")["topics"])
    push(farm, "right", code="ours")
    farm.wait("ours is built", lambda: farm.started().count("right") == 2)
    farm.wait_states(LINE, **ALL_PUBLISHED)
    assert farm.started().count("left") == 1, "no other worker takes it"
