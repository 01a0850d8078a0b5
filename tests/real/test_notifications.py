"""A farm that tells people and forges how its lines fare."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.diamond import ALL_PUBLISHED, LINE, diamond
from tests.farms import BIN, TestFarm, change, git
from tests.forge import Forge, running_forge
from tests.listeners import PASSWORD, Listener, Mailbox, listener, mailbox

pytestmark = pytest.mark.real

HOSTS = {"base": "127.0.0.1", "left": "localhost", "right": "127.1"}
"""One forge of each kind; `top` is at none."""
KINDS = {"base": "github", "left": "gitlab", "right": "gitea"}
ROOM = "!room:example.org"
QUIET_S = 3
"""How long nothing more has to come before it counts as nothing."""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    with mailbox(tmp_path / "mail") as box:
        yield box


@pytest.fixture
def world() -> Iterator[Listener]:
    with listener() as world:
        yield world


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    with running_forge(tmp_path / "git") as forge:
        yield forge


def write_secrets(base: Path, **values: str) -> None:
    folder = base / "state" / "secrets"
    folder.mkdir(parents=True, mode=0o700)
    for name, value in values.items():
        path = folder / name.replace("_", "-")
        path.write_text(f"{value}\n")
        path.chmod(0o600)


def notices(box: Mailbox, world: Listener) -> dict[str, Any]:
    return {
        "mail": {**box.settings, "committers": ["*@example.org"], "also": ["list@example.org"]},
        "chats": [
            {"name": "slack", "kind": "slack"},
            {"name": "matrix", "kind": "matrix", "server": world.url, "room": ROOM},
        ],
        "forges": [
            {"kind": KINDS[name], "host": host, "api": f"{world.url}/{name}", "token": "forge"}
            for name, host in HOSTS.items()
        ],
    }


@pytest.fixture
def farm(
    tmp_path: Path,
    box: Mailbox,
    world: Listener,
    forge: Forge,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[TestFarm]:
    """A diamond whose repositories are at forges; everything is built."""
    monkeypatch.setenv("SSL_CERT_FILE", str(box.certificate))
    write_secrets(
        tmp_path, smtp=PASSWORD, forge="t", chat_slack=f"{world.url}/hook", chat_matrix="m"
    )
    port = forge.git.rpartition(":")[2]

    def at_forges(stack: dict[str, Any]) -> None:
        for name, host in HOSTS.items():
            stack["components"][name]["git"] = f"git://{host}:{port}/{name}"
        stack["components"]["left"]["maintainers"] = ["left@example.net"]

    with diamond(tmp_path, prepare=at_forges, notices=notices(box, world)) as farm:
        yield farm


def push(farm: TestFarm, component: str, **files: str) -> str:
    commit = propose(farm, component, **files)
    farm.wait(f"{component} {commit[:8]} was built", lambda: _settled(farm, commit))
    return commit


def propose(farm: TestFarm, component: str, **files: str) -> str:
    """As `push`, without waiting."""
    commit = change(farm.base / "git" / component, files)
    assert farm.hook(farm.stack["components"][component]["git"]) == 200
    return commit


def _settled(farm: TestFarm, commit: str) -> bool:
    idle = farm.status()["lines"][LINE]["state"] == "idle"
    return idle and commit in (farm.state / "started").read_text()


def restart(farm: TestFarm) -> None:
    farm.kill(farm.master)
    farm.start_master()
    farm.wait("the planner plans", lambda: farm.status().get("updated", 0) > time.time() - 5)


def test_a_failure_is_told_once_by_every_way_whatever_is_restarted(
    farm: TestFarm, box: Mailbox, world: Listener
) -> None:
    heads = {name: git(farm.base / "git" / name, "rev-parse", "HEAD") for name in HOSTS}
    for name, commit in heads.items():
        farm.wait(
            f"{name}'s forge hears",
            lambda commit=commit: world.states(commit) == ["pending", "success"],
        )
    assert box.mails == []
    one = {told.path.split("/")[1]: told for told in world.told}
    assert one["base"].path == f"/base/repos/base/statuses/{heads['base']}"
    assert one["base"].headers["authorization"] == "Bearer t"
    assert one["left"].path == f"/left/projects/left/statuses/{heads['left']}"
    assert one["left"].headers["private-token"] == "t"
    assert one["right"].headers["authorization"] == "token t"
    assert one["right"].body["context"] == "Farm/development/bookworm"

    box.refuse = 1
    broken = push(farm, "left", behaviour="fail")
    farm.wait("the forge hears", lambda: world.states(broken) == ["pending", "failed"])
    farm.wait("the mail is put off", lambda: not box.refuse)
    restart(farm)
    farm.wait("the mail comes", lambda: box.mails)
    (mail,) = box.mails
    assert mail["Subject"] == "[Farm] development/bookworm: left fails (test)"
    assert mail["To"] == "dev@example.org, left@example.net, list@example.org"
    text = mail.get_content()
    assert f"commit {broken[:12]}: Change" in text
    assert "blocks top" in text

    push(farm, "left", behaviour="fail", code="worse")
    assert farm.force("left-bookworm").status_code == 200
    farm.wait("it is built again", lambda: farm.started().count("left") == 4)
    farm.wait_states(LINE, base="published", left="failed", right="published", top="blocked")
    restart(farm)
    time.sleep(QUIET_S)
    assert len(box.mails) == 1, "a failure that goes on is no news"

    mended = push(farm, "left", behaviour="ok")
    farm.wait("the fix is told", lambda: len(box.mails) == 2)
    assert box.mails[1]["Subject"] == "[Farm] development/bookworm: left builds again"
    assert box.mails[1]["To"] == mail["To"]
    assert box.mails[1]["References"] == mail["References"], "a mail program shows them together"
    farm.wait("the forge hears", lambda: world.states(mended) == ["pending", "success"])
    room = f"/_matrix/client/v3/rooms/{ROOM.replace('!', '%21').replace(':', '%3A')}/send/"
    for heard in (world.texts("/hook"), world.texts(room)):
        first, second = heard
        assert first.startswith("✘ development/bookworm: left fails (test)\nleft: test: ")
        assert second == "✔ development/bookworm: left builds again"
    for name, commit in heads.items():
        assert world.states(commit) == ["pending", "success"], f"{name} is told nothing twice"


def test_a_farm_that_begins_to_tell_has_no_old_news_and_a_digest_for_the_rest(
    tmp_path: Path, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(box.certificate))
    write_secrets(tmp_path, smtp=PASSWORD)
    told = {"mail": {**box.settings, "also": ["list@example.org"]}}
    with diamond(tmp_path) as farm:
        push(farm, "top", behaviour="fail")
        site = YAML(typ="safe").load(tmp_path / "site.yml")
        YAML().dump({**site, "notices": told}, tmp_path / "site.yml")
        farm.run(BIN / "buildbot", "reconfig", farm.master)
        push(farm, "base", behaviour="fail")
        farm.wait("a mail comes", lambda: box.mails)
        assert "blocks left, right, top" in box.mails[0].get_content()
        for name in ("left", "right"):
            propose(farm, name, behaviour="fail")
        push(farm, "base", behaviour="ok", interface="another")
        farm.wait("the rest comes", lambda: len(box.mails) == 3)
        for name in ("left", "right", "top"):
            propose(farm, name, behaviour="ok")
        farm.wait_states(LINE, **ALL_PUBLISHED)
        line = "[Farm] development/bookworm:"
        farm.wait("it is told", lambda: "top builds again." in box.mails[-1].get_content())
        subjects = box.subjects()
        assert subjects[0] == f"{line} base fails (test)"
        assert set(subjects[1:3]) == {f"{line} base builds again", f"{line} 2 components fail"}
        assert not any("top fails" in subject for subject in subjects), "it was old news"
