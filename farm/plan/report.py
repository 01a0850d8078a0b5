"""Why builds were made: what is in a key, how two keys differ, and a component's builds on a line.

Pure functions over the rows of the records; whoever prints them decides how.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from farm.model import Family
from farm.plan.key import KeyInputs, View, differences
from farm.plan.planner import Node, seen_by
from farm.records.store import RUNNING, BuildRow, ForceRow, LineId
from farm.version import SourceVersion

BUILDING, INTERRUPTED = "building", "interrupted"
"""The two ways in which a build has no outcome."""


@dataclass(frozen=True)
class Difference:
    """One field of two keys' inputs that differs; None where one has no such field."""

    field: str
    """Dotted: ``component.configure_arguments``."""
    before: object
    after: object


@dataclass(frozen=True)
class DependencyInput:
    """What a key holds of a dependency, and the package version that stands for it."""

    component: str
    output_digest: str
    version: str


@dataclass(frozen=True)
class Comparison:
    """How a key differs from another build's."""

    key: str
    component: str
    distro: str
    channel: str
    generation: int
    version: str
    requested_at: float
    differences: tuple[str, ...]
    fields: tuple[Difference, ...]


@dataclass(frozen=True)
class KeyReport:
    """The current build key of a component on a line."""

    component: str
    distro: str
    channel: str
    key: str
    """Empty while a dependency is not settled: its output is part of the key."""
    state: str
    waits_for: tuple[str, ...]
    version: str
    """Of the build of this key; empty while there is none."""
    uses: str
    """Version of the packages that dependents and the archive use; that of an older build where
    this one made nothing new."""
    inputs: KeyInputs
    dependencies: tuple[DependencyInput, ...]
    compared: Comparison | None = None


@dataclass(frozen=True)
class BuildReport:
    """One build of a component on a line, and why there was one."""

    key: str
    channel: str
    """Differs from the line's where another channel had built the same before."""
    generation: int
    outcome: str
    """``built``, ``failed``, ``building`` or ``interrupted``."""
    published: bool
    """In the line's live snapshot."""
    same_output: bool
    """It made nothing new of the published build's source, which therefore stays."""
    version: str
    commit: str
    requested_at: float
    started_at: float
    """When a worker began; 0 where none said so."""
    duration_s: float | None
    """Since a worker began, else since it was asked for; None while it runs."""
    attempts: int
    """How often the machinery failed at it."""
    reasons: tuple[str, ...]
    changed: tuple[Difference, ...]
    """Every input that differs from the build before it."""
    phase: str
    message: str


def package_version(build: BuildRow) -> str:
    """The version of a build's packages, with distro suffix and rebuild number."""
    distro = build.inputs["distro"]
    version = SourceVersion(build.upstream_version, build.rebuild)
    suffix = distro["version_suffix"]
    if distro["family"] == Family.DEB:
        return version.deb(suffix)
    return f"{version.upstream}-{version.rpm_release(suffix)}"


def outcome_of(build: BuildRow) -> str:
    """What became of a build; a running one is `INTERRUPTED` after the machinery failed at it."""
    if build.outcome != RUNNING:
        return build.outcome
    return INTERRUPTED if build.finished_at else BUILDING


def flat(value: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested dictionaries with their dotted names."""
    if isinstance(value, Mapping):
        for name in value:
            yield from flat(value[name], f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, value


def differing_fields(before: KeyInputs, after: KeyInputs) -> tuple[Difference, ...]:
    """The fields that two keys' inputs do not share, in alphabetical order."""
    old, new = dict(flat(before)), dict(flat(after))
    return tuple(
        Difference(field, old.get(field), new.get(field))
        for field in sorted(old.keys() | new.keys())
        if old.get(field) != new.get(field)
    )


def key_report(
    line: LineId,
    component: str,
    nodes: Mapping[str, Node],
    own: KeyInputs,
    depends: tuple[str, ...],
    builds: Mapping[str, BuildRow],
) -> KeyReport:
    """What is in the current key of a component.

    :param nodes: the plan of the line.
    :param own: the component's own key inputs.
    :param depends: its direct dependencies on this line.
    """
    node = nodes[component]
    build = builds.get(node.key)
    return KeyReport(
        component=component,
        distro=line[1],
        channel=line[0],
        key=node.key,
        state=str(node.state),
        waits_for=node.waits_for,
        version=package_version(build) if build else "",
        uses=_version_of(node.uses, builds),
        inputs={**own, "dependencies": {one: nodes[one].view for one in depends}},
        dependencies=tuple(
            DependencyInput(
                one, builds[nodes[one].key].output_digest, _version_of(nodes[one].uses, builds)
            )
            for one in (seen_by(component, depends, nodes) if node.key else ())
        ),
    )


def compare(report: KeyReport, other: BuildRow, views: Mapping[str, View]) -> Comparison:
    """How a component's current key differs from another build's.

    While the key is not known, dependencies are left out of the comparison.
    """
    before, after = other.inputs, report.inputs
    if not report.key:
        after = {**after, "dependencies": before["dependencies"]}
    return Comparison(
        key=other.key,
        component=other.component,
        distro=other.distro,
        channel=other.channel,
        generation=other.generation,
        version=package_version(other),
        requested_at=other.requested_at,
        differences=differences(before, after, views),
        fields=differing_fields(before, after),
    )


def build_history(
    builds: Mapping[str, BuildRow],
    found: Iterable[BuildRow],
    live_key: str = "",
    forces: Iterable[ForceRow] = (),
) -> tuple[BuildReport, ...]:
    """The builds of a component on a line, newest first, each with its reasons.

    :param builds: all builds by key.
    :param found: those of the component on the line.
    :param live_key: the build in the line's live snapshot; it is listed also where another
        channel made it.
    :param forces: the times that the component was forced on the line.
    """
    rows = sorted(found, key=lambda row: row.requested_at)
    wishes = {force.count: force for force in forces}
    live = builds.get(live_key)
    if live is not None and live not in rows:
        rows = sorted([*rows, live], key=lambda row: row.requested_at)
    reports = []
    before: dict[str, BuildRow] = {}
    for row in rows:
        old = before.get(row.channel)
        before[row.channel] = row
        changed = differing_fields(old.inputs, row.inputs) if old else ()
        running = outcome_of(row) == BUILDING
        reports.append(
            BuildReport(
                key=row.key,
                channel=row.channel,
                generation=row.generation,
                outcome=outcome_of(row),
                published=row.key == live_key,
                same_output=live is not None and _repeats(live, row),
                version=package_version(row),
                commit=row.inputs["commit"],
                requested_at=row.requested_at,
                started_at=row.started_at,
                duration_s=None if running else row.duration_s,
                attempts=row.attempts,
                reasons=tuple(
                    _explained(reason, old, row, changed, builds, wishes) for reason in row.reasons
                ),
                changed=changed,
                phase=row.phase,
                message=row.message,
            )
        )
    return tuple(reversed(reports))


def _repeats(live: BuildRow, row: BuildRow) -> bool:
    return row.requested_at > live.requested_at and row.fact.built and row.fact == live.fact


_FIELDS_OF = {
    "the component's entry changed": "component.",
    "the distro's entry changed": "distro.",
}


def _explained(
    reason: str,
    before: BuildRow | None,
    row: BuildRow,
    changed: tuple[Difference, ...],
    builds: Mapping[str, BuildRow],
    forces: Mapping[int, ForceRow],
) -> str:
    """A recorded reason with what else the records know of it."""
    if reason == "forced":
        force = forces.get(row.inputs["forced"])
        if force is None:
            return "forced (by whom is not on record)"
        place = force.branch or (force.commit or "")[:8]
        return f"forced by {force.who}{f' at {place}' if place else ''}: {force.reason}"
    if prefix := _FIELDS_OF.get(reason):
        fields = [d.field.removeprefix(prefix) for d in changed if d.field.startswith(prefix)]
        return f"{reason} ({', '.join(fields)})" if fields else reason
    if before is None:
        return reason
    if reason == "the needed distro packages changed":
        old, new = set(before.inputs["packages"]), set(row.inputs["packages"])
        words = [f"+{name}" for name in sorted(new - old)]
        words += [f"-{name}" for name in sorted(old - new)]
        return f"{reason} ({' '.join(words)})"
    name = reason.removeprefix("dependency ").removesuffix(" changed")
    versions = [_version_of(_used(which, name, builds), builds) for which in (before, row)]
    if all(versions) and versions[0] != versions[1]:
        return f"{reason} ({versions[0]} became {versions[1]})"
    return reason


def _used(row: BuildRow, name: str, builds: Mapping[str, BuildRow]) -> str:
    """The key of the build of `name` that a build used, directly or through what it used."""
    left, seen = [row], {row.key}
    while left:
        uses = left.pop().uses
        if name in uses:
            return uses[name]
        fresh = [key for key in uses.values() if key in builds and key not in seen]
        seen.update(fresh)
        left += [builds[key] for key in fresh]
    return ""


def _version_of(key: str, builds: Mapping[str, BuildRow]) -> str:
    build = builds.get(key)
    return package_version(build) if build else ""
