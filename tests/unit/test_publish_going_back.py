"""What administrators are told to type after a rollback."""

from __future__ import annotations

from repo_publish.going_back import commands, taken_back
from repo_publish.manifest import Manifest
from repo_publish.refusal import refused_by
from tests.manifests import a_component, a_file, a_manifest

OLD = a_component("lib", a_file("liba", "1-1"), a_file("lib", "1-1", kind="source"))
BAD = a_component("lib", a_file("liba", "2-1"), a_file("libnew", "2-1"), version="2-1")


def rolled_back(**changes: object) -> Manifest:
    refused = refused_by(a_manifest(BAD), a_manifest(OLD), "broken", 1_800_000_000)
    return a_manifest(OLD, refused=refused, **changes)


def test_each_package_is_named_with_both_versions() -> None:
    assert [(t.package, t.newer, t.published) for t in taken_back(rolled_back())] == [
        ("liba", "2-1", "1-1"),
        ("libnew", "2-1", ""),
    ]


def test_apt_is_pinned_to_the_archive_for_these_packages_only() -> None:
    assert commands(rolled_back()) == (
        "printf '%s\\n' 'Package: liba' 'Pin: release a=development,n=bookworm' "
        "'Pin-Priority: 1001' > /etc/apt/preferences.d/farm-rollback",
        "apt-get update",
        "apt-get install --only-upgrade --allow-downgrades liba",
        "rm /etc/apt/preferences.d/farm-rollback",
        "apt-get remove libnew",
    )


def test_dnf_synchronises_these_packages_only() -> None:
    assert commands(rolled_back(family="rpm")) == (
        "dnf --refresh distro-sync liba",
        "dnf remove libnew",
    )


def test_without_a_rollback_there_is_nothing_to_do() -> None:
    assert commands(a_manifest(OLD)) == ()
