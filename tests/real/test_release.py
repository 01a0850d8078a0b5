"""Releases: immutable, complete, and installable; then the channel that takes their fixes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from repo_publish.manifest import load_manifest
from repo_publish.verify import verify_snapshot
from tests.archive_clients import (
    AptClient,
    DnfClient,
    Farm,
    add_package,
    run_client,
    served,
)

pytestmark = pytest.mark.real

FAMILIES = pytest.mark.parametrize("family", ["deb", "rpm"])


@pytest.fixture
def farm(family: str, tmp_path: Path) -> Iterator[Farm]:
    """Snapshot 2 is live; a release is to be made of 1."""
    farm = Farm(tmp_path, family)
    with served(farm.archive) as farm.url:
        add(farm, "liblib", "1.0")
        add(farm, "app", "1.0")
        farm.publish()
        add(farm, "liblib", "2.0")
        farm.publish()
        yield farm


@FAMILIES
def test_a_release_is_a_snapshot_at_an_address_of_its_own(farm: Farm) -> None:
    answer = json.loads(told(farm, "release", "1.2", "--from", "1", "--json"))

    (made,) = answer["distros"]
    assert made["url"] == f"{farm.url}/releases/1.2/{farm.distro}/"
    tree = farm.archive / "releases/1.2" / farm.distro
    manifest = verify_snapshot(tree, keys=farm.live)
    source = load_manifest(farm.line.snapshot(1))
    assert manifest.components == source.components
    assert (manifest.release, manifest.origin.snapshot) == ("1.2", 1)
    for path in manifest.files():
        assert (tree / path).samefile(farm.line.snapshot(1) / path)
    client = client_of(farm, tree)
    assert_done(install(client, "app", "liblib"))
    assert client.version("liblib").startswith("1.0-1")


@pytest.mark.parametrize("family", ["deb"])
def test_a_release_is_made_once(farm: Farm) -> None:
    told(farm, "release", "1.2", "--from", f"{farm.distro}=1")
    before = times_of(farm.archive / "releases")

    again = ask(farm, "release", "1.2", "--from", "2")

    assert again.returncode == 3
    assert "release 1.2 is there already, and a release never changes" in again.stdout
    assert times_of(farm.archive / "releases") == before
    assert [path.name for path in (farm.archive / ".state/releases").iterdir()] == ["lock"]


@pytest.mark.parametrize("family", ["deb"])
def test_what_cannot_be_released_is_said(farm: Farm) -> None:
    def refused(*arguments: str) -> str:
        done = ask(farm, "release", *arguments)
        assert done.returncode != 0
        return done.stdout

    assert "'../x' is not a release" in refused("../x")
    assert "there is no snapshot 7" in refused("1.2", "--from", "7")
    assert "development has no sid; it has bookworm" in refused("1.2", "--from", "sid=1")
    assert "nothing is published in testing yet" in refused("1.2", "--channel", "testing")
    assert "expected NUMBER or DISTRO=NUMBER" in refused("1.2", "--from", "latest")
    assert not (farm.archive / "releases").exists()


@FAMILIES
def test_the_stable_channel_begins_with_the_release_and_takes_a_fix(farm: Farm) -> None:
    told(farm, "release", "1.2", "--from", "1")

    answer = json.loads(told(farm, "stable", "1.2", "--json"))

    assert [(p["channel"], p["number"]) for p in answer["published"]] == [("stable-1.2", 1)]
    stable = farm.archive / "stable-1.2" / farm.distro
    assert load_manifest(stable).files() == load_manifest(farm.line.snapshot(1)).files()
    client = client_of(farm, stable)
    assert_done(install(client, "liblib"))
    assert json.loads(told(farm, "stable", "1.2", "--json"))["published"] == []

    del farm.packages["app"]
    add(farm, "liblib", "1.0.1")
    farm.publish_json(farm.publication_json().replace('"development"', '"stable-1.2"'))
    assert_done(upgrade(client))
    assert client.version("liblib").startswith("1.0.1-1")


def add(farm: Farm, name: str, version: str) -> None:
    add_package(farm, name, f"{version}-1~deb12" if farm.family == "deb" else version)


def told(farm: Farm, *arguments: str) -> str:
    done = ask(farm, *arguments)
    assert done.returncode == 0, done.stdout
    start = done.stdout.find("\n{") + 1
    return done.stdout[start:] if "--json" in arguments else done.stdout


def ask(farm: Farm, *arguments: str) -> CompletedProcess[str]:
    command = Path(sys.executable).with_name("farm")
    options = ["--archive", farm.archive, "--keys", farm.keys]
    return run_client([command, *arguments, *options])


def client_of(farm: Farm, tree: Path) -> AptClient | DnfClient:
    if farm.family == "deb":
        return AptClient(farm.directory / "client", (tree / "farm.sources").read_text())
    return DnfClient(farm.directory / "client", (tree / "farm.repo").read_text())


def install(client: AptClient | DnfClient, *packages: str) -> CompletedProcess[str]:
    if isinstance(client, DnfClient):
        return client.dnf("install", *packages)
    assert_done(client.apt_get("update"))
    return client.apt_get("install", *packages)


def upgrade(client: AptClient | DnfClient) -> CompletedProcess[str]:
    if isinstance(client, DnfClient):
        return client.dnf("upgrade")
    assert_done(client.apt_get("update"))
    return client.apt_get("upgrade")


def assert_done(done: CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout


def times_of(directory: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in directory.rglob("*")}
