"""Going back: what new clients get, how upgraded ones follow, and that it stays so."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from repo_publish.verify import verify_snapshot
from tests.archive_clients import AptClient, DnfClient, Farm, add_package, run_client, served

pytestmark = pytest.mark.real

FAMILIES = pytest.mark.parametrize("family", ["deb", "rpm"])
OLD_COMMIT, BAD_COMMIT, NEW_COMMIT = "a" * 40, "b" * 40, "c" * 40

Client = AptClient | DnfClient


@pytest.fixture
def farm(family: str, tmp_path: Path) -> Iterator[Farm]:
    """Snapshot 2 is bad: liblib is broken, has a new package, and app was built with it."""
    farm = Farm(tmp_path, family)
    with served(farm.archive) as farm.url:
        add(farm, "liblib", "1.0", OLD_COMMIT, binaries=("liblib", "liblib-tools"))
        add(farm, "app", "1.0", OLD_COMMIT)
        add(farm, "other", "1.0", OLD_COMMIT)
        farm.publish()
        add(farm, "liblib", "2.0", BAD_COMMIT, binaries=("liblib", "liblib-tools", "liblib-new"))
        add(farm, "app", "1.1", OLD_COMMIT, uses="liblib")
        farm.publish()
        yield farm


@FAMILIES
def test_new_clients_get_the_old_packages_and_upgraded_ones_go_back(farm: Farm) -> None:
    upgraded = client(farm, "upgraded")
    refresh(upgraded)
    assert_done(install(upgraded, "app", "liblib", "liblib-new"))
    assert version(upgraded, "liblib") == "2.0"

    answer = rollback(farm, "--to", "1", "--reason", "liblib 2.0 loses data")

    assert answer["snapshot"]["number"] == 3
    verify_snapshot(farm.live)
    fresh = client(farm, "fresh")
    refresh(fresh)
    assert_done(install(fresh, "app", "liblib"))
    assert (version(fresh, "liblib"), version(fresh, "app")) == ("1.0", "1.0")
    refresh(upgraded)
    assert_done(upgrade(upgraded))
    assert version(upgraded, "liblib") == "2.0"
    assert_done(upgraded.administer(answer["commands"]))
    assert (version(upgraded, "liblib"), version(upgraded, "app")) == ("1.0", "1.0")
    assert version(upgraded, "liblib-new") == version(upgraded, "liblib-tools") == ""

    add(farm, "liblib", "2.1", NEW_COMMIT, binaries=("liblib", "liblib-tools"))
    farm.publish()
    for machine in (fresh, upgraded):
        refresh(machine)
        assert_done(upgrade(machine))
        assert version(machine, "liblib") == "2.1"


@FAMILIES
def test_the_farm_does_not_publish_again_what_was_rolled_back(farm: Farm) -> None:
    rollback(farm, "--to", "1", "--reason", "liblib 2.0 loses data")

    same = farm.publish()
    assert (same.number, same.changed) == (3, False)
    assert "liblib 2.0 loses data" in same.held_back["liblib"]
    assert sorted(same.held_back) == ["app", "liblib"]

    add(farm, "liblib", "2.0.1", BAD_COMMIT)
    add(farm, "app", "1.2", NEW_COMMIT, uses="liblib")
    add(farm, "other", "1.1", NEW_COMMIT)
    unrelated = farm.publish()
    assert (unrelated.number, unrelated.changed) == (4, True)
    assert sorted(unrelated.held_back) == ["app", "liblib"]
    assert unrelated.held_back["app"] == "was built with liblib, which is rolled back"

    add(farm, "liblib", "1.5", NEW_COMMIT)
    lower = farm.publish()
    assert "liblib would go from 2.0" in lower.held_back["liblib"]

    add(farm, "liblib", "2.1", NEW_COMMIT)
    add(farm, "app", "1.3", NEW_COMMIT, uses="liblib")
    fixed = farm.publish()
    assert (fixed.changed, fixed.held_back) == (True, {})


@FAMILIES
def test_a_rollback_is_undone_without_the_pool(farm: Farm) -> None:
    rollback(farm, "--to", "1", "--reason", "by mistake")
    add(farm, "other", "1.1", NEW_COMMIT)
    held = farm.publish()
    farm.pool.rename(farm.directory / "lost")

    answer = rollback(farm, "--undo")

    assert answer["snapshot"]["number"] == held.number + 1
    assert answer["commands"] == answer["taken_back"] == []
    assert answer["snapshot"]["content"] == {n: p.key for n, p in farm.packages.items()}
    verify_snapshot(farm.live)


@pytest.mark.parametrize("family", ["deb"])
def test_what_cannot_be_rolled_back_is_said(farm: Farm) -> None:
    def refused(*arguments: str) -> str:
        done = run_rollback(farm, *arguments)
        assert done.returncode == 3, done.stdout
        return done.stdout

    assert "snapshot 2 is the live one" in refused("--to", "2", "--reason", "why")
    assert "there is no snapshot 7; the newest are 1, 2" in refused("--to", "7", "--reason", "why")
    assert "'' is not a reason" in refused("--to", "1")
    assert "nothing is rolled back" in refused("--undo")


def add(
    farm: Farm, name: str, version: str, commit: str, uses: str = "", **options: object
) -> None:
    """Have a build of that commit published next, made with `uses` as it would be published."""
    add_package(farm, name, f"{version}-1~deb12" if farm.family == "deb" else version, **options)
    inputs = {uses: farm.packages[uses].key} if uses else {}
    changes = {"commit": commit, "inputs": inputs}
    farm.packages[name] = farm.packages[name].model_copy(update=changes)


def rollback(farm: Farm, *arguments: str) -> dict:
    done = run_rollback(farm, *arguments, "--json")
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout[done.stdout.index("\n{") :])


def run_rollback(farm: Farm, *arguments: str):
    command = [Path(sys.executable).with_name("farm"), "archive", "rollback"]
    options = ["--archive", farm.archive, "--keys", farm.keys]
    return run_client([*command, f"development/{farm.distro}", *arguments, *options])


def client(farm: Farm, name: str) -> Client:
    directory = farm.directory / name
    if farm.family == "deb":
        return AptClient(directory, (farm.live / "farm.sources").read_text())
    return DnfClient(directory, (farm.live / "farm.repo").read_text())


def refresh(client: Client) -> None:
    if isinstance(client, AptClient):
        assert_done(client.apt_get("update"))


def install(client: Client, *packages: str):
    return (client.apt_get if isinstance(client, AptClient) else client.dnf)("install", *packages)


def upgrade(client: Client):
    return (client.apt_get if isinstance(client, AptClient) else client.dnf)("upgrade")


def version(client: Client, package: str) -> str:
    """Without the release."""
    return client.version(package).partition("-")[0]


def assert_done(done) -> None:
    assert done.returncode == 0, done.stdout
