"""The plan on a real master with real workers; the builds themselves are quick stand-ins."""

from __future__ import annotations

import hmac
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.diamond import ALL_PUBLISHED, LINE, diamond
from tests.farms import TestFarm, change, quick_repository

pytestmark = pytest.mark.real


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[TestFarm]:
    """A diamond of four components, built."""
    with diamond(tmp_path) as farm:
        yield farm


def push(farm: TestFarm, name: str, **files: str) -> None:
    repository = farm.base / "git" / name
    change(repository, files)
    assert farm.hook(f"file://{repository}") == 200


def test_a_push_rebuilds_the_component_and_its_dependents_once_in_order(farm: TestFarm) -> None:
    first = farm.started()
    assert first[0] == "base" and first[-1] == "top" and len(first) == 4
    push(farm, "left", code="2")
    farm.wait("left is built again", lambda: len(farm.started()) == 6)
    farm.wait_states(LINE, **ALL_PUBLISHED)
    assert farm.started()[4:] == ["left", "top"]
    assert farm.status()["lines"][LINE]["snapshot"] == 2
    build = farm.get("builds?order=-buildid&limit=3&property=why&property=component")["builds"]
    why = {b["properties"]["component"][0]: b["properties"]["why"][0] for b in build[1:]}
    assert why["top"] == "dependency left changed"
    assert why["left"].startswith("new commit ")
    fields = "field=submitted_at&field=claimed_at&field=buildrequestid&order=-buildrequestid"
    requests = farm.get(f"buildrequests?{fields}")["buildrequests"][:3]
    waited = [request["claimed_at"] - request["submitted_at"] for request in requests]
    assert max(waited) <= 2, f"whole seconds between submission and start: {waited}"


def test_a_change_that_no_dependent_can_see_rebuilds_nothing_else(farm: TestFarm) -> None:
    push(farm, "base", interface="same")
    farm.wait("all four again", lambda: len(farm.started()) == 8)
    farm.wait_states(LINE, **ALL_PUBLISHED)
    push(farm, "base", README="only words")
    farm.wait("base alone", lambda: farm.status()["lines"][LINE]["snapshot"] == 3)
    farm.wait_states(LINE, **ALL_PUBLISHED)
    assert farm.started()[8:] == ["base"]


def test_a_failure_blocks_its_dependents_only_and_a_fix_unblocks_them(farm: TestFarm) -> None:
    push(farm, "left", behaviour="fail")
    farm.wait_states(LINE, base="published", left="failed", right="published", top="blocked")
    one = farm.status()["lines"][LINE]["components"]
    assert one["left"]["reason"] == "test: 1 of 3 tests"
    assert one["top"]["waits_for"] == ["left"]
    push(farm, "base", code="2")
    farm.wait("right is built", lambda: farm.started().count("right") == 2)
    farm.wait("published", lambda: farm.status()["lines"][LINE]["snapshot"] == 2)
    push(farm, "left", behaviour="ok")
    farm.wait_states(LINE, **ALL_PUBLISHED)
    assert farm.started().count("top") == 2


def test_trouble_of_the_machinery_is_said_and_tried_again(farm: TestFarm) -> None:
    push(farm, "top", behaviour="lost")

    def reason() -> str:
        return str(farm.status()["lines"][LINE]["components"]["top"])

    farm.wait("the trouble is shown", lambda: "the mirror does not answer" in reason())
    assert farm.states(LINE)["top"] in ("ready", "building")
    farm.wait("top is tried again", lambda: farm.started().count("top") == 3)


def test_forcing_builds_again_and_says_so_when_the_name_is_wrong(farm: TestFarm) -> None:
    assert "result" in farm.force("right-bookworm").json()
    farm.wait("right again", lambda: farm.started().count("right") == 2)
    farm.wait_states(LINE, **ALL_PUBLISHED)
    assert farm.started().count("top") == 1, "its output is the same"
    farm.force("base-bookworm", dependents=True)
    farm.wait("all of them again", lambda: len(farm.started()) == 9)
    farm.wait_states(LINE, **ALL_PUBLISHED)
    before = farm.status()["lines"][LINE]["snapshot"]
    farm.force("publish-bookworm")
    farm.wait("published again", lambda: farm.status()["lines"][LINE]["snapshot"] == before + 1)
    error = farm.force("nosuch-bookworm").json()["error"]["message"]
    assert error.startswith("cannot force: nosuch-bookworm; expected names from")


def test_a_killed_worker_is_nobodys_fault(farm: TestFarm) -> None:
    farm.kill(farm.worker("two"))
    push(farm, "top", behaviour="hang")
    farm.wait("top hangs", lambda: farm.started().count("top") == 2)
    change(farm.base / "git" / "top", {"behaviour": "ok"})
    farm.kill(farm.worker("one"))
    farm.wait("it is to be built again", lambda: farm.states(LINE)["top"] in ("building", "ready"))
    farm.start_worker("two")
    farm.wait("top on the other worker", lambda: farm.started().count("top") == 3)
    assert farm.states(LINE)["top"] == "building"


def test_a_killed_master_carries_on(farm: TestFarm) -> None:
    push(farm, "base", code="2")
    farm.wait("base is built", lambda: len(farm.started()) >= 6)
    farm.kill(farm.master)
    commit = change(farm.base / "git" / "right", {"code": "2"})
    farm.start_master()

    def published() -> bool:
        line = farm.status()["lines"][LINE]
        return line["state"] == "idle" and line["components"]["right"]["commit"] == commit

    farm.wait("what was pushed while the master was down is published", published)
    farm.wait_states(LINE, **ALL_PUBLISHED)
    done = [line.split()[3] for line in (farm.state / "started").read_text().splitlines()]
    again = len(done) - len(set(done))
    assert again <= 3, "only what was under way when the master died is built twice"


def test_a_master_that_is_killed_while_it_starts_forgets_no_build(farm: TestFarm) -> None:
    push(farm, "top", behaviour="hang")
    farm.wait("top hangs", lambda: farm.started().count("top") == 2)
    farm.kill(farm.master)
    # What Buildbot has done first of all when it starts, and does no more the next time.
    with sqlite3.connect(farm.master / "state.sqlite") as database:
        database.execute("update masters set active = 0")
    farm.start_master()
    farm.wait("top is begun again", lambda: farm.started().count("top") == 3)


def test_a_component_added_to_the_stack_is_built_after_a_reconfiguration(farm: TestFarm) -> None:
    url = quick_repository(farm.base, "extra")
    farm.stack["components"]["extra"] = {"git": url, "depends": ["top"]}
    farm.write_stack()
    farm.run("buildbot", "reconfig", farm.master)
    farm.wait_states(LINE, **ALL_PUBLISHED, extra="published")
    assert farm.started()[4:] == ["extra"]


def test_a_repository_that_vanished_is_named_and_disturbs_nobody(farm: TestFarm) -> None:
    (farm.base / "git" / "left").rename(farm.base / "git" / "gone")
    farm.hook(f"file://{farm.base / 'git' / 'left'}")

    def problem() -> str:
        return str(farm.status()["lines"][LINE]["components"]["left"]["reason"])

    farm.wait("the problem is shown", lambda: "cannot be read" in problem())
    push(farm, "right", code="2")
    farm.wait("right is built", lambda: farm.started().count("right") == 2)
    farm.wait_states(LINE, **ALL_PUBLISHED)


def test_a_hook_without_the_password_is_refused(farm: TestFarm) -> None:
    (farm.state / "secrets" / "hook-password").write_text("wrong\n")
    assert farm.hook(farm.stack["components"]["base"]["git"]) == 401


def test_pushes_are_found_by_the_poller_and_told_by_signed_hooks(tmp_path: Path) -> None:
    hooks = ["github", "gitlab", "gitea", "bitbucket", "base"]
    with diamond(tmp_path, poll_interval_s=2, hooks=hooks) as farm:
        change(farm.base / "git" / "top", {"code": "2"})
        farm.wait("the poller found it", lambda: farm.started().count("top") == 2)
        farm.wait_states(LINE, **ALL_PUBLISHED)
        url = farm.stack["components"]["top"]["git"]
        person = {"name": "Dev", "email": "dev@example.org"}
        commit = {
            "id": "0" * 40,
            "message": "Change",
            "timestamp": "2026-01-01T00:00:00Z",
            "url": "https://git.example.org/commit",
            **{"author": person, "committer": person},
            **{"added": [], "removed": [], "modified": ["code"]},
        }
        push_event = {
            "ref": "refs/heads/main",
            "repository": {"html_url": url, "full_name": "farm/top", "name": "top"},
            "head_commit": commit,
            "commits": [commit],
            "pusher": {"name": "dev"},
        }
        payload = json.dumps(push_event).encode()
        secret = (farm.state / "secrets" / "hook-github").read_text().strip()
        signature = hmac.new(secret.encode(), payload, "sha1").hexdigest()
        for sign, status in ((signature, 200), ("0" * 40, 400)):
            headers = {
                "Content-Type": "application/json",
                "X-GitHub-Event": "push",
                "X-Hub-Signature": f"sha1={sign}",
            }
            answer = farm.post_hook("github", data=payload, headers=headers)
            assert answer.status_code == status, answer.text
