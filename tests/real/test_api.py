"""The farm's interface on a running master: its answers, and whether they are as described."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest
import requests
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.diamond import ALL_PUBLISHED, LINE, diamond
from tests.farms import BIN, TestFarm
from tests.topics import ask, command, push, told

pytestmark = pytest.mark.real

SCHEMATHESIS_S = 40


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFarm]:
    """A diamond that only this machine reaches: nobody has to log in."""
    with diamond(tmp_path_factory.mktemp("farm")) as farm:
        yield farm


def test_polling_costs_nothing_while_nothing_changes(farm: TestFarm) -> None:
    first = ask(farm, f"lines/{LINE}")
    assert first.headers["content-encoding"] == "gzip"
    assert {one["state"] for one in first.json()["components"]} == {"published"}
    unchanged = {"If-None-Match": first.headers["etag"]}
    again = ask(farm, f"lines/{LINE}", headers=unchanged)
    assert (again.status_code, again.content) == (304, b"")
    push(farm, "top", code="polled")
    farm.wait("a change is seen", lambda: ask(farm, f"lines/{LINE}", headers=unchanged).ok)
    farm.wait_states(LINE, **ALL_PUBLISHED)
    farm.wait("and answered", lambda: _commit(farm, "top") != _of(first, "top"))


def _commit(farm: TestFarm, component: str) -> str:
    return _of(ask(farm, f"lines/{LINE}"), component)


def _of(answer: requests.Response, component: str) -> str:
    found = {one["component"]: one["commit"] for one in answer.json()["components"]}
    return str(found[component])


def test_a_commit_is_followed_from_the_push_to_the_archive(farm: TestFarm) -> None:
    farm.run("git", "-C", str(farm.base / "git" / "left"), "tag", "before")
    commit = push(farm, "left", code="followed")

    def where() -> dict[str, object]:
        answer = ask(farm, f"commits/{commit[:10]}")
        return dict(answer.json()["lines"][0]) if answer.ok else {}

    farm.wait("it is merged, and held by something", lambda: where().get("holds"))
    farm.wait("it is published", lambda: where().get("stage") == "published")
    found = told(farm, f"commits/{commit}")
    assert (found["commit"], found["components"]) == (commit, ["left"])
    (line,) = found["lines"]
    assert line["merged_at"] <= line["built_at"] <= line["published_at"]
    assert line["version"].endswith(f"g{commit[:7]}-1~deb12") and not line["holds"]

    build = told(farm, f"builds/{line['key'][:12]}")
    assert build["component"] == "left" and build["reasons"][0].startswith("new commit ")
    assert [one["outcome"] for one in build["attempts"]] == ["built"]
    assert build["page"].startswith(f"{farm.url}#/builders/")
    page = told(farm, "components/left")
    assert (page["depends"], page["all_dependents"]) == (["base"], ["top"])
    assert page["lines"][0]["builds"][0]["key"] == line["key"]
    generation = told(farm, f"generations/{LINE}")
    assert {one["component"] for one in generation["done"]} <= {"left", "top"}


def test_what_fails_is_found_and_built_again_at_a_branch(farm: TestFarm) -> None:
    push(farm, "right", behaviour="fail")
    farm.wait_states(LINE, base="published", left="published", right="failed", top="blocked")
    failed = told(farm, f"lines/{LINE}?state=failed")
    assert [one["component"] for one in failed["components"]] == ["right"]
    assert failed["components"][0]["reason"] == "test: 1 of 3 tests"
    started = farm.started().count("right")
    said = command(farm, "rebuild-failed", LINE, "--reason", "Once more")
    assert said.strip() == f"{LINE}: 1 build asked for: right"
    farm.wait("it is tried again", lambda: farm.started().count("right") == started + 1)
    repository = farm.base / "git" / "right"
    farm.run("git", "-C", str(repository), "branch", "good", "main~1")
    command(farm, "force", "right", "--at", "good", "--reason", "Before it broke")
    farm.wait_states(LINE, **ALL_PUBLISHED)
    builds = told(farm, "components/right")["lines"][0]["builds"]
    assert "forced by anonymous at good: Before it broke" in builds[0]["reasons"]
    push(farm, "right", behaviour="ok")
    farm.wait_states(LINE, **ALL_PUBLISHED)


def test_what_is_wrong_is_said_in_one_message(farm: TestFarm) -> None:
    for path, status, words in (
        ("lines/developmen/bookworm", 404, "did you mean 'development'?"),
        ("components/lef", 404, "did you mean 'left'?"),
        ("components/left?bulds=3", 400, "the address: bulds"),
        ("commits/0123456", 404, "no repository of the stack has a commit 0123456"),
        ("nothing", 404, "openapi.json lists them"),
    ):
        answer = ask(farm, path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert words in answer.json()["detail"]
    refused = ask(farm, "lines", "POST")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    form = ask(farm, "topics", "POST", data="x", headers={"Content-Type": "text/plain"})
    assert form.status_code == 415
    evil = {"Origin": "https://evil.example.org"}
    other = ask(farm, "topics", "POST", json={"name": "evil"}, headers=evil)
    assert other.status_code == 403 and "evil.example.org" in other.json()["detail"]


def test_prometheus_and_feed_readers_understand_it(farm: TestFarm) -> None:
    def all_published() -> dict[str, Metric]:
        families = text_string_to_metric_families(ask(farm, "metrics").text)
        found = {one.name: one for one in families}
        states = {s.labels["state"]: s.value for s in found["farm_components"].samples}
        return found if states["published"] == 4 and states["failed"] == 0 else {}

    # Other tests force builds, and the status file is a little behind.
    found = farm.wait("all is published", all_published)
    workers = {s.labels["state"]: s.value for s in found["farm_workers"].samples}
    assert workers == {"connected": 3, "paused": 0, "missing": 0}
    built = {s.labels["outcome"]: s.value for s in found["farm_builds"].samples}
    assert built["built"] >= 4
    assert found["farm_build_duration_seconds"].type == "histogram"

    feed = feedparser.parse(ask(farm, f"lines/{LINE}/feed.atom").content)
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10" and feed.feed.title == f"Farm: {LINE}"
    newest = feed.entries[0]
    snapshot = told(farm, f"lines/{LINE}")["snapshot"]
    assert newest.title.startswith(f"Snapshot {snapshot}: ")
    assert newest.id.endswith(f"#snapshot-{snapshot}") and newest.updated_parsed


def test_a_reconfiguration_leaves_it_in_place_with_the_new_stack(farm: TestFarm) -> None:
    before = ask(farm, "components").headers["etag"]
    farm.stack["components"]["left"]["summary"] = "The left one"
    farm.write_stack()
    farm.run("buildbot", "reconfig", farm.master)
    farm.wait("it shows", lambda: told(farm, "components/left")["summary"] == "The left one")
    assert ask(farm, "components", headers={"If-None-Match": before}).status_code == 200
    farm.wait_states(LINE, **ALL_PUBLISHED)


def test_it_keeps_what_its_description_says(farm: TestFarm, tmp_path: Path) -> None:
    line = told(farm, f"lines/{LINE}")["components"][0]
    (tmp_path / "schemathesis.toml").write_text(
        "[parameters]\n"
        '"path.channel" = "development"\n"path.distro" = "bookworm"\n'
        # All parameters of an address or none: where some are given here, it blames the wrong one.
        '"path.number" = 1\n'
        f'"path.key" = "{line["key"]}"\n"path.sha" = "{line["commit"]}"\n'
    )
    done = subprocess.run(
        [
            *(str(BIN / "schemathesis"), "--no-color", "run", "--checks", "all"),
            *("--phases", "coverage,fuzzing", "--max-examples", "4", "--seed", "1"),
            *("--max-time", str(SCHEMATHESIS_S), f"{farm.url}api/farm/v1/openapi.json"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    farm.wait_states(LINE, **ALL_PUBLISHED)
