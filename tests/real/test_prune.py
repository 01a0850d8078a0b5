"""Removing old snapshots: clients go on, names stay used, and no kill breaks anything."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.model.load import load_stack
from repo_publish.model import Published
from repo_publish.verify import verify_snapshot
from tests.archive_clients import AptClient, DnfClient, Farm, add_package, run_client, served
from tests.configurations import stack_text
from tests.farm_worlds import FarmWorld, site_file
from tests.packages import build_deb, store
from tests.removals import kill_prunes, kill_releases, make_release, prune

pytestmark = pytest.mark.real

FAMILIES = pytest.mark.parametrize("family", ["deb", "rpm"])
SNAPSHOTS = 7


@pytest.fixture
def farm(family: str, tmp_path: Path) -> Iterator[Farm]:
    """Seven snapshots, in which liblib changes and app does not."""
    farm = Farm(tmp_path, family)
    with served(farm.archive) as farm.url:
        add(farm, "app", "1.0")
        for minor in range(SNAPSHOTS):
            add(farm, "liblib", f"1.{minor}")
            farm.publish()
        yield farm


@FAMILIES
def test_old_snapshots_go_and_everything_else_goes_on_as_if_they_were_there(farm: Farm) -> None:
    client = client_of(farm)
    assert_done(refresh(client))
    make_release(farm, snapshot=2)
    before = disk_usage(farm.directory)

    freed = prune(farm)

    assert farm.line.numbers() == [2, 3, 4, 5, 6, 7]
    # Build 1.0 is in no snapshot any more; the release has 1.1.
    assert len(list(farm.pool.glob("??/*"))) == 1 + SNAPSHOTS - 1
    assert before - disk_usage(farm.directory) == pytest.approx(freed, rel=0.1, abs=100_000)
    assert freed > 0
    verify_snapshot(farm.live)
    verify_snapshot(farm.archive / "releases/1.0" / farm.distro)
    assert_done(run(client, "install", "liblib"))
    assert prune(farm) == 0

    add(farm, "liblib", "2.0")
    farm.publish()
    assert_done(refresh(client))
    assert_done(run(client, "upgrade"))
    assert client.version("liblib").startswith("2.0-1")


@FAMILIES
def test_killed_while_it_removes_nothing_is_half_there(farm: Farm) -> None:
    assert kill_prunes(farm, step=6) >= 4

    assert farm.line.numbers() == [3, 4, 5, 6, 7]
    add(farm, "liblib", "2.0")
    farm.publish()
    assert not list(farm.line.state.glob("trash-*"))
    assert not list(farm.pool.glob("trash-*"))


@pytest.mark.parametrize("family", ["deb"])
def test_a_release_that_is_killed_is_all_there_or_not_at_all(farm: Farm) -> None:
    assert kill_releases(farm) >= 2
    assert [path.name for path in (farm.archive / "releases").iterdir()] == ["1.0"]


def test_a_dry_run_says_all_and_does_nothing(tmp_path: Path) -> None:
    farm = Farm(tmp_path, "deb")
    add(farm, "app", "1.0")
    farm.publish()
    needed = farm.directory / "needed"
    needed.write_text("")
    done = run_client(
        [
            *(Path(sys.executable).with_name("farm"), "archive", "prune", "--keep", "0"),
            *("--keep-days", "0", "--dry-run", "--archive", farm.archive),
            *("--pool", farm.pool, "--needed", needed),
        ]
    )

    assert_done(done)
    assert "it is live" in done.stdout
    assert "0 snapshots and 0 builds would go and free 0.0 MB" in done.stdout


def test_a_farm_keeps_what_its_records_need(tmp_path: Path) -> None:
    farm = Farm(tmp_path / "state", "deb")
    components = stack_text("""
        lib:
          git: https://git.example.org/lib.git
    """)
    farm.pool.mkdir(parents=True)
    site = site_file(tmp_path, components)
    world = FarmWorld(
        load_stack(tmp_path / "components.yml"), f"sqlite:///{tmp_path}/state/farm.sqlite"
    )
    for commit, version in enumerate(("1.0", "1.1", "1.2"), 1):
        world.push("lib", commit=commit)
        (row,) = world.start().values()
        files = build_deb(tmp_path / "built", "lib", f"{version}-1~deb12")
        store(farm.pool, "lib", "bookworm", f"{version}-1~deb12", files, key=row.key)
        world.farm.built(row.key, version)
        if version != "1.2":
            world.run()
            farm.packages["lib"] = Published(component="lib", key=row.key, commit="c" * 40)
    farm.publish()
    for build in farm.pool.glob("??/*"):
        os.utime(build, (0, 0))
    keys = {row.upstream_version[-1]: key for key, row in world.records.builds.items()}
    world.records.close()

    command = [Path(sys.executable).with_name("farm"), "prune", "--json"]
    done = run_client(command, FARM_SITE=str(site))

    assert_done(done)
    assert json.loads(done.stdout[done.stdout.index("\n{") :])["builds"] == [keys["1"]]
    assert {path.name for path in farm.pool.glob("??/*")} == {keys["2"], keys["3"]}


def add(farm: Farm, name: str, version: str, **options: str) -> None:
    add_package(farm, name, f"{version}-1~deb12" if farm.family == "deb" else version, **options)


def disk_usage(directory: Path) -> int:
    return int(run_client(["du", "-s", "-B1", directory]).stdout.split()[0])


def client_of(farm: Farm) -> AptClient | DnfClient:
    if farm.family == "deb":
        return AptClient(farm.directory / "client", (farm.live / "farm.sources").read_text())
    return DnfClient(farm.directory / "client", (farm.live / "farm.repo").read_text())


def refresh(client: AptClient | DnfClient):
    return client.apt_get("update") if isinstance(client, AptClient) else client.dnf("makecache")


def run(client: AptClient | DnfClient, *arguments: str):
    return (client.apt_get if isinstance(client, AptClient) else client.dnf)(*arguments)


def assert_done(done) -> None:
    assert done.returncode == 0, done.stdout
