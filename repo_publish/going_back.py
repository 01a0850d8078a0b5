"""How machines go back that have upgraded to what was rolled back: apt and dnf never do by
themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from farm.model import Family
from repo_publish.manifest import Manifest

PREFERENCES = "/etc/apt/preferences.d/farm-rollback"


@dataclass(frozen=True)
class TakenBack:
    """A binary package whose newer version was rolled back."""

    package: str
    newer: str
    """The version that some machines have."""
    published: str
    """The version to go back to; empty when the package is no longer published."""


def taken_back(manifest: Manifest) -> tuple[TakenBack, ...]:
    """The binary packages that a rollback still holds back, by their names."""
    published = {f.package: f.version for f in manifest.files().values() if f.kind == "binary"}
    newer = {
        file.package: file.version
        for refused in manifest.refused.values()
        for file in refused.build.files
        if file.kind == "binary"
    }
    return tuple(
        TakenBack(package, version, published.get(package, ""))
        for package, version in sorted(newer.items())
        if published.get(package, "") != version
    )


def commands(manifest: Manifest) -> tuple[str, ...]:
    """What an administrator types, as root, on a machine that has upgraded; empty where nothing
    is rolled back.

    dnf: ``distro-sync`` goes to whatever version is published (dnf(8)). apt: a priority above 1000
    lets it go down (apt_preferences(5)); only these packages, only from this archive.
    """
    packages = taken_back(manifest)
    back = [one.package for one in packages if one.published]
    gone = [one.package for one in packages if not one.published]
    family = _apt if manifest.family is Family.DEB else _dnf
    return family(manifest, back, gone)


def _apt(manifest: Manifest, back: Sequence[str], gone: Sequence[str]) -> tuple[str, ...]:
    lines: list[str] = []
    if back:
        # One line each: it is copied, and may get indented on the way.
        pin = f"'Pin: release a={manifest.channel},n={manifest.distro}' 'Pin-Priority: 1001'"
        names = " ".join(back)
        lines += [
            f"printf '%s\\n' 'Package: {names}' {pin} > {PREFERENCES}",
            "apt-get update",
            f"apt-get install --only-upgrade --allow-downgrades {names}",
            f"rm {PREFERENCES}",
        ]
    if gone:
        lines.append(f"apt-get remove {' '.join(gone)}")
    return tuple(lines)


def _dnf(manifest: Manifest, back: Sequence[str], gone: Sequence[str]) -> tuple[str, ...]:
    lines = []
    if back:
        lines.append(f"dnf --refresh distro-sync {' '.join(back)}")
    if gone:
        lines.append(f"dnf remove {' '.join(gone)}")
    return tuple(lines)
