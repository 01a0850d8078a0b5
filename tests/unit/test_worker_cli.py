"""`farm worker invite` and `remove`: the site file, the token, and nothing by mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from farm.cli.worker import register
from farm.errors import FarmError
from farm.growing import packages
from farm.growing.control import WorkerRow, row_of
from farm.growing.invitations import Invitations
from farm.growing.offer import offer
from farm.model.load import load_stack
from farm.site import SITE_VARIABLE, load_site
from tests.configurations import stack_text, write

REMOTE = "remote: {host: farm.example.org} # its name inside\n"
SITE = f"# Ours.\nstate: state\ncomponents: components.yml\n{REMOTE}"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The site file of a farm that does not run, with packages for workers made already."""
    write(tmp_path, stack_text())
    monkeypatch.setenv(SITE_VARIABLE, str(tmp_path / "site.yml"))
    monkeypatch.setattr(packages, "prepare", lambda _: None)
    (tmp_path / "site.yml").write_text(SITE)
    return tmp_path / "site.yml"


def farm(*arguments: str) -> Result:
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, ["worker", *arguments], standalone_mode=False)
    if result.exception:
        raise result.exception
    return result


def test_an_invitation_is_one_command_with_a_token_and_the_farms_key(site: Path) -> None:
    told = json.loads(farm("invite", "far", "--distro", "el9", "--builds", "4", "--json").stdout)
    assert told["command"] == (
        f"curl -fsS --insecure --pinnedpubkey {told['pin']} https://farm.example.org:9991/join"
        f" | sh -s -- {told['token']}"
    )
    assert Invitations(site.parent / "state").worker(told["token"]) == "far"
    assert site.read_text().startswith(SITE), "comments and order stay"


def test_the_worker_is_in_the_site_file_and_those_of_this_machine_stay(site: Path) -> None:
    farm("invite", "far", "--distro", "el9", "--builds", "4")
    workers = load_site(site).workers
    assert set(workers) == {"far", "worker-bookworm", "worker-el9"}
    assert (workers["far"].distros, workers["far"].builds, workers["far"].remote) == (
        ("el9",),
        4,
        True,
    )
    offered = offer(load_site(site), load_stack(site.with_name("components.yml")), "far")
    assert set(offered.distros) == {"el9"}
    assert (offered.port, offered.pool_url) == (9990, "https://farm.example.org:9991/pool")


def test_a_worker_is_invited_anew_with_the_settings_that_it_has(site: Path) -> None:
    farm("invite", "far", "--distro", "el9")
    before = site.read_text()
    farm("invite", "far")
    assert site.read_text() == before
    with pytest.raises(FarmError, match="has a worker far with settings of its own"):
        farm("invite", "far", "--builds", "2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Far Away"], "cannot name a worker"),
        (["../far"], "cannot name a worker"),
        (["far", "--distro", "noble"], "there is no distro noble; there is: bookworm, el9"),
        (["far", "--builds", "0"], "greater than or equal to 1"),
    ],
)
def test_mistakes_change_nothing(site: Path, arguments: list[str], message: str) -> None:
    with pytest.raises((FarmError, typer.BadParameter), match=message):
        farm("invite", *arguments)
    assert site.read_text() == SITE


def test_without_tls_the_site_file_is_named_with_what_to_write(site: Path) -> None:
    site.write_text(SITE.replace(REMOTE, ""))
    with pytest.raises(FarmError, match=r"remote: \{host: farm.example.org\}"):
        farm("invite", "far")


def test_a_worker_that_goes_leaves_nothing_that_opens_the_farm(site: Path) -> None:
    told = json.loads(farm("invite", "far", "--json").stdout)
    secret = load_site(site).secret("worker-far")
    farm("remove", "far", "--yes")
    assert secret and "far" not in load_site(site).workers
    assert not (site.parent / "state" / "secrets" / "worker-far").exists()
    with pytest.raises(FarmError, match="unknown, or used"):
        Invitations(site.parent / "state").redeem(told["token"])
    with pytest.raises(FarmError, match="has no worker far"):
        farm("remove", "far", "--yes")


@pytest.mark.parametrize(
    ("connected", "paused", "state"),
    [
        ([{}], False, "connected"),
        ([{}], True, "paused"),
        ([], False, "missing"),
        ([], True, "paused, missing"),
    ],
)
def test_the_state_of_a_worker_in_a_word(connected, paused, state):
    said = {"workerid": 1, "name": "one", "connected_to": connected, "paused": paused}
    assert row_of(said, 2) == WorkerRow(1, "one", state, 2, 0, "")
