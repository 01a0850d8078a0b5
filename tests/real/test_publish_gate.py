"""The gate with real distributions, and what other people's tools say of what it let through."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from demo.rpm_distribution import build_distribution
from farm.errors import InfrastructureError
from farm.model import Distro, Family, Root
from repo_publish.apt import distributions
from repo_publish.gate.closure import WANTED, paragraphs
from repo_publish.gate.deb import DebCheck
from repo_publish.gate.deb_background import deb_background
from repo_publish.gate.deb_packages import package
from repo_publish.live import live_of
from repo_publish.model import Snapshot
from repo_publish.paragraphs import read_paragraphs
from repo_publish.publisher import publish
from tests.archive_clients import Farm, add_package, run_client
from tests.deb_builds import deb_distro
from tests.packages import Rpm, build_deb, build_rpms
from tests.real.cache import CACHE

pytestmark = pytest.mark.real

CREATEREPO = Path(sys.executable).with_name("createrepo_c")


def rpm_distro(repository: Path) -> Distro:
    return Distro(
        name="el9",
        family=Family.RPM,
        release="EL 9",
        architecture="x86_64",
        root=Root(repositories={"base": repository.absolute().as_uri()}),
        version_suffix=".el9",
    )


@pytest.fixture
def deb_farm(tmp_path: Path) -> Farm:
    return Farm(tmp_path, "deb", distribution=deb_distro(), cache=CACHE)


@pytest.fixture
def rpm_farm(tmp_path: Path) -> Farm:
    repository = build_distribution(CACHE / "demo-rpm")
    return Farm(tmp_path, "rpm", distribution=rpm_distro(repository), cache=CACHE)


@pytest.fixture
def tiny_farm(tmp_path: Path) -> Farm:
    """Its distribution is one package, `base`, and a cache that nobody else uses."""
    offer(tmp_path / "distribution", "base")
    distro = rpm_distro(tmp_path / "distribution")
    return Farm(tmp_path, "rpm", distribution=distro, cache=tmp_path / "cache")


def offer(repository: Path, *names: str) -> None:
    """Make the distribution have these packages, and no others."""
    shutil.rmtree(repository, ignore_errors=True)
    repository.mkdir()
    built = build_rpms(repository.with_name("base-built"), *(Rpm(name, "1.0") for name in names))
    for files in built.values():
        shutil.copy(files[1], repository)
    subprocess.run([CREATEREPO, "--quiet", repository], check=True, capture_output=True)


def forget_when(farm: Farm) -> None:
    """Make the kept indices too old."""
    [state] = (farm.directory / "cache").rglob("fetched.json")
    state.write_text(json.dumps({**json.loads(state.read_text()), "fetched": 0}))


def published(farm: Farm) -> tuple[Snapshot, str]:
    log = io.StringIO()
    snapshot = publish(
        farm.publication(),
        pool=farm.pool,
        archive=farm.archive,
        keys=farm.keys,
        url=farm.url,
        log=log,
        cache=farm.cache,
    )
    return snapshot, log.getvalue()


def test_debian_says_what_can_be_installed_and_built(deb_farm: Farm) -> None:
    tools = "Build-Depends: debhelper-compat (= 13), no-such-tool [armhf], python3:any <!nocheck>"
    add_package(deb_farm, "liblib", "1.0-1~deb12", source_fields=tools)
    add_package(deb_farm, "app", "2.0-1~deb12", depends="liblib (>= 1.0), python3:any, libc6")
    add_package(deb_farm, "lost", "1.0-1", depends="libc6 (>= 99)")
    add_package(deb_farm, "unbuildable", "1.0-1", source_fields="Build-Depends: debhelper (>= 99)")
    add_package(deb_farm, "quarrel", "1.0-1", depends="perl", fields="Conflicts: perl-base")

    snapshot, _ = published(deb_farm)

    assert set(snapshot.content) == {"liblib", "app"}
    assert snapshot.held_back == {
        "lost": "its lost needs libc6 >= 99, which nothing offers",
        "quarrel": snapshot.held_back["quarrel"],
        "unbuildable": "its source package unbuildable needs debhelper >= 99, which nothing offers",
    }
    assert "conflicts with perl-base" in snapshot.held_back["quarrel"]
    assert set(snapshot.held_back_since) == set(snapshot.held_back)
    check_with_tools_of_debian(deb_farm)


def check_with_tools_of_debian(farm: Farm) -> None:
    live = live_of(farm.line)
    assert live is not None
    indices = farm.live / "dists/bookworm/main"
    own = indices / "binary-amd64/Packages"
    everything = sorted(CACHE.glob("gate/bookworm-*/state/lists/*_main_binary-amd64_Packages"))

    whole = run_client(
        ["dose-debcheck", "--deb-native-arch=amd64", "--failures", "--fg", own]
        + [word for path in everything for word in ("--bg", path)]
    )
    scanned = run_client(["apt-ftparchive", "packages", farm.live / "pool"])
    conf = farm.directory / "conf"
    conf.mkdir()
    (conf / "distributions").write_text(distributions(farm.publication()))
    database = shutil.copytree(live.database, farm.directory / "db")
    checked = run_client(
        [
            *("reprepro", "--confdir", conf, "--dbdir", database, "--outdir", farm.live),
            "check",
        ]
    )

    assert whole.returncode == 0, whole.stdout
    assert "broken-packages: 0" in whole.stdout
    assert checked.returncode == 0, checked.stdout
    (farm.directory / "scanned").write_text(scanned.stdout)
    fields = ("Package", "Version", "SHA256", "Size", "Depends", "Conflicts")
    found = {tuple(p.items()) for p in read_paragraphs(farm.directory / "scanned", fields)}
    listed = {tuple(sorted(p.items())) for p in read_paragraphs(own, fields)}
    assert {tuple(sorted(one)) for one in found} == listed


def test_the_closure_gives_the_verdicts_of_the_whole_suite(tmp_path: Path) -> None:
    wishes: Mapping[str, dict[str, Any]] = {
        "mail": {"depends": "default-mta | mail-transport-agent, bsd-mailx"},
        "old": {"depends": "libssl1.1"},
        "torn": {"depends": "exim4-daemon-light, postfix"},
        "compiler": {"source_fields": "Build-Depends: g++ (>= 4:12), cmake, qtbase5-dev"},
        "impossible": {"source_fields": "Build-Depends: libgl-dev, libc6-dev (<< 1)"},
    }
    content = {
        name: tuple(
            package(path)
            for path in build_deb(tmp_path / name, name, "1.0-1", **options)
            if path.suffix in (".deb", ".dsc")
        )
        for name, options in wishes.items()
    }
    names = {"default-mta", "mail-transport-agent", "bsd-mailx", "libssl1.1", "postfix"}
    names |= {"exim4-daemon-light", "g++", "cmake", "qtbase5-dev", "libgl-dev", "libc6-dev"}
    reduced, _ = deb_background(deb_distro(), names, CACHE, io.StringIO())
    index = tmp_path / "Packages"
    index.write_text(paragraphs(reduced))
    [whole] = CACHE.glob("gate/bookworm-*/state/lists/*_debian_dists_bookworm_main_*_Packages")
    everything = list(read_paragraphs(whole, WANTED))

    few = DebCheck(reduced, "amd64", tmp_path)(content)
    all_of_them = DebCheck(everything, "amd64", tmp_path)(content)

    assert len(reduced) < len(everything) / 20
    assert {one.component for one in few} == {"old", "torn", "impossible"}
    assert {one.itself for one in few} == {one.itself for one in all_of_them}


def test_dnf_finds_everything_that_was_let_through(rpm_farm: Farm) -> None:
    add_package(rpm_farm, "liblib", "1.0", preamble="BuildRequires: gcc")
    add_package(rpm_farm, "app", "2.0", requires="(liblib >= 1.0 or nothing), /usr/bin/env")
    add_package(rpm_farm, "lost", "1.0", requires="libnothing.so.1()(64bit)")
    add_package(rpm_farm, "unbuildable", "1.0", preamble="BuildRequires: gcc > 99:1")
    add_package(rpm_farm, "quarrel", "1.0", requires="bash", more="Conflicts: bash")

    snapshot, _ = published(rpm_farm)

    assert set(snapshot.content) == {"liblib", "app"}
    assert set(snapshot.held_back) == {"lost", "unbuildable", "quarrel"}
    assert snapshot.held_back["lost"] == (
        "its lost needs libnothing.so.1()(64bit), which nothing offers"
    )
    configuration = rpm_farm.directory / "dnf.conf"
    configuration.write_text("[main]\nreposdir=/nonexistent\n")
    closed = run_client(
        [
            *("dnf", "repoclosure", "--config", configuration),
            *(f"--setopt=cachedir={rpm_farm.directory}/dnf", "--forcearch=x86_64"),
            *("--repofrompath", f"farm,file://{rpm_farm.live.resolve()}", "--check=farm"),
            *("--repofrompath", f"base,file://{CACHE}/demo-rpm", "--releasever=1"),
        ],
        HOME=os.fspath(rpm_farm.directory),
    )
    assert closed.returncode == 0, closed.stdout


def test_one_broken_component_stops_nobody_else(tiny_farm: Farm) -> None:
    add_package(tiny_farm, "liblib", "1.0", requires="base")
    add_package(tiny_farm, "app", "1.0", requires="liblib < 2.0")
    add_package(tiny_farm, "other", "1.0")
    published(tiny_farm)
    app = tiny_farm.packages["app"]
    add_package(tiny_farm, "liblib", "2.0", requires="base")
    add_package(tiny_farm, "other", "2.0", requires="base")

    first, log = published(tiny_farm)
    again, _ = published(tiny_farm)
    add_package(tiny_farm, "liblib", "3.0", requires="base")
    third, _ = published(tiny_farm)

    reason = "app needs liblib < 2.0, which its new packages do not provide"
    assert first.held_back == {"liblib": reason}
    assert f"liblib is held back: {reason}" in log
    assert first.content["other"] == tiny_farm.packages["other"].key
    assert not again.changed
    assert first.held_back_since == again.held_back_since == third.held_back_since
    live = live_of(tiny_farm.line)
    assert live is not None
    [held] = live.manifest.held_back
    assert (held.component, held.since) == ("liblib", first.held_back_since["liblib"])

    add_package(tiny_farm, "app", "2.0", requires="liblib")
    free, _ = published(tiny_farm)

    assert free.held_back == free.held_back_since == {}
    assert free.content["app"] != app.key


def test_what_the_distribution_takes_away_is_reported(tiny_farm: Farm) -> None:
    add_package(tiny_farm, "app", "1.0", requires="base")
    published(tiny_farm)
    offer(tiny_farm.directory / "distribution", "other-base")
    forget_when(tiny_farm)
    add_package(tiny_farm, "new", "1.0", requires="other-base")
    add_package(tiny_farm, "user", "1.0", requires="app")

    snapshot, log = published(tiny_farm)

    assert set(snapshot.content) == {"app", "new"}
    assert set(snapshot.held_back) == {"user"}
    assert "published before, and not installable now" in log
    live = live_of(tiny_farm.line)
    assert live is not None
    assert live.manifest.gate is not None
    assert live.manifest.gate.broken == ("app of app: app needs base, which nothing offers",)


def test_a_mirror_that_is_away_stops_only_who_never_read_it(tiny_farm: Farm) -> None:
    distribution = tiny_farm.directory / "distribution"
    away = distribution.rename(distribution.with_name("away"))
    add_package(tiny_farm, "app", "1.0", requires="base")

    with pytest.raises(InfrastructureError, match="needs the indices of el9 and has none"):
        published(tiny_farm)
    assert not tiny_farm.live.exists()
    away.rename(distribution)
    assert published(tiny_farm)[0].number == 1
    distribution.rename(away)
    forget_when(tiny_farm)
    add_package(tiny_farm, "app", "2.0", requires="base")
    snapshot, log = published(tiny_farm)

    assert (snapshot.number, snapshot.held_back) == (2, {})
    assert "there are no newer ones to be had" in log
    live = live_of(tiny_farm.line)
    assert live is not None
    assert live.manifest.gate is not None
    assert "repomd.xml cannot be read" in live.manifest.gate.note


def test_an_index_that_was_cut_short_is_not_taken(tiny_farm: Farm) -> None:
    add_package(tiny_farm, "app", "1.0", requires="base")
    published(tiny_farm)
    distribution = tiny_farm.directory / "distribution"
    offer(distribution, "base", "more")
    [primary] = distribution.glob("repodata/*primary.xml*")
    primary.write_bytes(primary.read_bytes()[:-20])
    forget_when(tiny_farm)
    add_package(tiny_farm, "app", "2.0", requires="base")

    snapshot, log = published(tiny_farm)

    assert snapshot.held_back == {}
    assert "are announced" in log


def test_a_mock_configuration_is_only_known_to_workers(tmp_path: Path) -> None:
    distro = Distro(
        name="el9",
        family=Family.RPM,
        release="EL 9",
        architecture="x86_64",
        root=Root(mock="rocky-9-x86_64"),
        version_suffix=".el9",
    )
    farm = Farm(tmp_path, "rpm", distribution=distro, cache=tmp_path / "cache")
    add_package(farm, "app", "1.0", requires="something-of-the-distribution")

    snapshot, log = published(farm)

    assert snapshot.held_back == {}
    assert "warning: the gate looks at the farm's own packages alone" in log
    live = live_of(farm.line)
    assert live is not None
    assert live.manifest.gate is not None
    assert live.manifest.gate.note == (
        "the mock configuration rocky-9-x86_64 is the workers' to read"
    )
