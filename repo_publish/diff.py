"""What differs between two snapshots, and the changelog of the commits between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from repo_publish.manifest import Manifest, ManifestComponent

What = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class PackageChange:
    """A package that one of two snapshots does not have, or not in this version."""

    package: str
    kind: str
    """``source`` or ``binary``."""
    what: What
    before: str
    """Version; empty when there was none."""
    after: str


@dataclass(frozen=True)
class ComponentChange:
    """A component whose build is another one."""

    component: str
    what: What
    before: str
    """Version; empty when there was none."""
    after: str
    commit_before: str
    commit_after: str
    reason: str
    """Of the newer build."""

    @property
    def rebuilt(self) -> bool:
        """The commit stayed."""
        return self.what == "changed" and self.commit_before == self.commit_after


@dataclass(frozen=True)
class Difference:
    """What changes from one snapshot to another."""

    line: str
    before: int
    after: int
    components: tuple[ComponentChange, ...]
    packages: tuple[PackageChange, ...]


@dataclass(frozen=True)
class Changes:
    """A component's commits between two snapshots."""

    component: str
    commits: tuple[str, ...]
    """Subjects, newest first; as many as were recorded."""


@dataclass(frozen=True)
class Changelog:
    """The commits between two snapshots."""

    difference: Difference
    changes: tuple[Changes, ...]
    rollbacks: tuple[str, ...]
    """Snapshots between the two that went back, as sentences."""
    missing: tuple[int, ...]
    """Snapshots between the two that are no longer kept: their commits are not listed."""


def difference(before: Manifest, after: Manifest) -> Difference:
    """Compare two snapshots, usually of one line."""
    old = {c.component: c for c in before.components}
    new = {c.component: c for c in after.components}
    names = sorted(n for n in old.keys() | new.keys() if _key(old, n) != _key(new, n))
    old_packages, new_packages = _packages(before), _packages(after)
    packages = sorted(
        identity
        for identity in old_packages.keys() | new_packages.keys()
        if old_packages.get(identity) != new_packages.get(identity)
    )
    return Difference(
        line=f"{after.channel}/{after.distro}",
        before=before.number,
        after=after.number,
        components=tuple(_component(n, old.get(n), new.get(n)) for n in names),
        packages=tuple(
            PackageChange(
                package=package,
                kind=kind,
                what=_what((kind, package) in old_packages, (kind, package) in new_packages),
                before=old_packages.get((kind, package), ""),
                after=new_packages.get((kind, package), ""),
            )
            for kind, package in packages
        ),
    )


def changelog(manifests: Sequence[Manifest]) -> Changelog:
    """The commits from the first to the last of `manifests`.

    Each snapshot records the commits since the one before it, so all snapshots between the two
    are asked; those that are gone are named.

    :param manifests: the snapshots of one line in the order of their numbers, at least one.
    """
    first, last = manifests[0], manifests[-1]
    changed = difference(first, last)
    present = {manifest.number for manifest in manifests}
    commits: dict[str, list[str]] = {}
    for manifest in reversed(manifests[1:]):
        for component in manifest.components:
            if component.since == manifest.timestamp:
                commits.setdefault(component.component, []).extend(component.changes)
    return Changelog(
        difference=changed,
        changes=tuple(
            Changes(change.component, tuple(dict.fromkeys(commits.get(change.component, ()))))
            for change in changed.components
            if change.what != "removed" and not change.rebuilt
        ),
        rollbacks=tuple(
            f"snapshot {m.number} went back to {m.rollback.to_snapshot}: {m.rollback.reason}"
            for m in manifests[1:]
            if m.rollback
        ),
        missing=tuple(n for n in range(first.number, last.number) if n not in present),
    )


def _key(components: Mapping[str, ManifestComponent], name: str) -> str:
    return components[name].key if name in components else ""


def _component(
    name: str, before: ManifestComponent | None, after: ManifestComponent | None
) -> ComponentChange:
    return ComponentChange(
        component=name,
        what=_what(before is not None, after is not None),
        before=before.version if before else "",
        after=after.version if after else "",
        commit_before=before.commit if before else "",
        commit_after=after.commit if after else "",
        reason=after.reason if after else "",
    )


def _packages(manifest: Manifest) -> dict[tuple[str, str], str]:
    return {(file.kind, file.package): file.version for file in manifest.files().values()}


def _what(before: bool, after: bool) -> What:
    if before and after:
        return "changed"
    return "added" if after else "removed"
