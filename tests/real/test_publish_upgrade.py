"""Before anything goes live, a machine with what is live is upgraded, by real apt and dnf."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from demo.rpm_distribution import build_distribution
from farm.errors import InfrastructureError
from repo_publish.live import live_of
from repo_publish.model import Publication, Snapshot
from repo_publish.publisher import publish
from repo_publish.upgrade.record import UpgradeRecord
from tests.archive_clients import Farm, add_package
from tests.deb_builds import deb_distro
from tests.real.cache import CACHE
from tests.real.test_publish_gate import rpm_distro

pytestmark = pytest.mark.real

FAMILIES = pytest.mark.parametrize("family", ["deb", "rpm"])
FAILS = {
    "deb": {"scripts": {"postinst": "#!/bin/sh\necho no such luck\nexit 3\n"}},
    "rpm": {"scripts": "%post -n {package}\necho no such luck\nexit 3\n"},
}


@pytest.fixture
def farm(family: str, tmp_path: Path) -> Farm:
    """A library, a program that needs it, and a component that has nothing to do with them."""
    distro = deb_distro() if family == "deb" else rpm_distro(build_distribution(CACHE / "demo-rpm"))
    farm = Farm(tmp_path, family, distribution=distro, cache=CACHE)
    add_package(farm, "liblib", "1.0")
    add_package(farm, "app", "1.0", **needing(farm, "liblib"))
    add_package(farm, "other", "1.0")
    published(farm)
    return farm


def needing(farm: Farm, *names: str) -> dict[str, Any]:
    return {"depends" if farm.family == "deb" else "requires": ", ".join(names)}


def with_field(farm: Farm, line: str) -> dict[str, Any]:
    return {"fields" if farm.family == "deb" else "more": line}


def published(farm: Farm, **changes: object) -> tuple[Snapshot, UpgradeRecord, str]:
    log = io.StringIO()
    publication = Publication.model_validate({**farm.publication().model_dump(), **changes})
    snapshot = publish(
        publication,
        pool=farm.pool,
        archive=farm.archive,
        keys=farm.keys,
        url=farm.url,
        log=log,
        cache=farm.cache,
    )
    live = live_of(farm.line)
    assert live is not None
    assert live.manifest.gate is not None
    assert live.manifest.gate.upgrade is not None
    return snapshot, live.manifest.gate.upgrade, log.getvalue()


def version(farm: Farm, plain: str) -> str:
    return plain if farm.family == "deb" else f"{plain}-1.el9"


@FAMILIES
def test_what_changed_is_upgraded_with_what_depends_on_it(farm: Farm) -> None:
    add_package(farm, "liblib", "1.1")

    snapshot, upgrade, _ = published(farm)

    assert snapshot.held_back == {}
    assert (upgrade.outcome, upgrade.runs) == ("passed", 1)
    old, new = version(farm, "1.0"), version(farm, "1.1")
    assert upgrade.packages == (f"liblib {old} → {new}",)
    assert upgrade.others == 1
    log = (farm.line.state / "upgrade-tests" / upgrade.log).read_text()
    assert "app" in log
    assert "other" not in log.replace("other versions", "")


@FAMILIES
def test_a_script_that_fails_holds_its_component_back(farm: Farm) -> None:
    add_package(farm, "liblib", "1.1")
    add_package(farm, "app", "1.1", **needing(farm, "liblib"), **FAILS[farm.family])
    add_package(farm, "other", "1.1")

    snapshot, upgrade, log = published(farm)

    assert snapshot.held_back.keys() == {"app"}
    assert "upgrading from the live packages fails: " in snapshot.held_back["app"]
    assert "3" in snapshot.held_back["app"]
    assert f"app is held back: {snapshot.held_back['app']}" in log
    assert (upgrade.outcome, upgrade.runs) == ("passed", 2)
    assert [line.split()[0] for line in upgrade.packages] == ["liblib", "other"]
    told = (farm.line.state / "upgrade-tests" / upgrade.log).read_text()
    assert "no such luck" in told

    # Repaired, it is published.
    add_package(farm, "app", "1.2", **needing(farm, "liblib"))
    assert published(farm)[0].held_back == {}


@FAMILIES
def test_packages_that_stop_going_together_are_told_apart(farm: Farm) -> None:
    add_package(farm, "liblib", "1.1")
    add_package(farm, "app", "1.1", **with_field(farm, "Conflicts: other"))
    add_package(farm, "other", "1.1")

    snapshot, upgrade, _ = published(farm)

    assert snapshot.held_back.keys() in ({"app"}, {"other"})
    assert snapshot.content["liblib"] == farm.packages["liblib"].key
    assert upgrade.outcome == "passed"
    assert upgrade.runs > 1


@FAMILIES
def test_a_file_that_another_package_has_is_found(farm: Farm) -> None:
    share = "/usr/share/other/content"
    add_package(farm, "app", "1.1", **needing(farm, "liblib"), also=share)
    add_package(farm, "other", "1.1", content="changed")

    snapshot, _, _ = published(farm)

    assert snapshot.held_back.keys() in ({"app"}, {"other"})
    [reason] = snapshot.held_back.values()
    assert share in reason


@FAMILIES
def test_no_upgrade_is_tried_without_a_place_for_roots(farm: Farm) -> None:
    cache, farm.cache = farm.cache, None
    add_package(farm, "app", "1.1", **FAILS[farm.family])

    _, upgrade, log = published(farm, distribution=None)

    assert (upgrade.outcome, upgrade.why) == ("skipped", "the publication names no distribution")
    assert "upgrade: not tried: the publication names no distribution" in log

    farm.cache = cache
    add_package(farm, "app", "1.2", **FAILS[farm.family])
    _, upgrade, _ = published(farm, upgrade_test="never")
    assert (upgrade.outcome, upgrade.why) == ("skipped", "it is switched off")


@FAMILIES
def test_an_upgrade_that_has_to_be_tried_is_waited_for(farm: Farm) -> None:
    farm.cache = None
    add_package(farm, "app", "1.1")

    with pytest.raises(InfrastructureError, match=r"has to be tried before publishing, but"):
        published(farm, upgrade_test="always", distribution=None)

    assert farm.live.readlink().name == "1"
