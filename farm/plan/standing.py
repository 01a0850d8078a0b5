"""How every line stands: read from the master's status file, or derived from the records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from farm.errors import FarmError
from farm.generations import Farm
from farm.plan.planner import Node, State
from farm.plan.report import package_version
from farm.records.store import BuildRow, LineId, Records


@dataclass(frozen=True)
class ComponentStanding:
    """One component on one line."""

    state: str
    """As `farm.plan.planner.State`, or ``published``."""
    waits_for: tuple[str, ...] = ()
    version: str = ""
    commit: str = ""
    """Of the packages that the line has now."""
    key: str = ""
    since: float = 0.0
    reason: str = ""
    package_version: str = ""
    """As apt or dnf shows it, of what is published."""
    newest_commit: str = ""
    subject: str = ""
    """Of the newest commit."""
    next_generation: bool = False
    """The newest commit came too late for the running generation."""
    held_back: str = ""


@dataclass(frozen=True)
class LineStanding:
    """One channel on one distro."""

    generation: int
    state: str
    """``building``, ``publishing`` or ``idle``."""
    snapshot: int | None = None
    held_back: dict[str, str] = field(default_factory=dict)
    components: dict[str, ComponentStanding] = field(default_factory=dict)


@dataclass(frozen=True)
class _StatusFile:
    updated: float
    lines: dict[str, LineStanding]


def read_standing(text: str) -> tuple[float, dict[str, LineStanding]]:
    """What the master's status file says.

    :returns: when it was written, in seconds since 1970, and its lines by ``channel/distro``.
    :raises FarmError: it is not a status file.
    """
    try:
        status = TypeAdapter(_StatusFile).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise FarmError(f"the master's status file is damaged: {where}: {first['msg']}") from error
    return status.updated, status.lines


def status_file(farm: Farm, now: float) -> str:
    """What the master's status file is to say: `read_standing` reads it.

    :param now: seconds since 1970.
    """
    status = _StatusFile(now, derived_standing(farm))
    return TypeAdapter(_StatusFile).dump_json(status, indent=1).decode()


def derived_standing(farm: Farm) -> dict[str, LineStanding]:
    """How the lines stand by the farm's plan, and what it found wrong with repositories."""
    return {f"{line[0]}/{line[1]}": _line(farm, line) for line in farm.lines}


def _line(farm: Farm, line: LineId) -> LineStanding:
    generation = farm.records.generations.get(line)
    snapshot = farm.records.snapshots.get(line)
    plan = farm.line(line).plan
    published = snapshot.content if snapshot else {}
    shown = {key for node in plan.nodes.values() for key in (node.key, node.uses)}
    farm.records.builds.warm({*shown, *published.values()} - {""})
    busy = "publishing" if plan.settled else "building"
    return LineStanding(
        generation=generation.number if generation else 0,
        state=busy if generation is not None and not generation.done else "idle",
        snapshot=snapshot.number if snapshot else None,
        held_back=dict(snapshot.held_back) if snapshot else {},
        components={
            name: _component(farm, name, node, published.get(name, ""))
            for name, node in plan.nodes.items()
        },
    )


def _component(farm: Farm, name: str, node: Node, published: str) -> ComponentStanding:
    builds: Mapping[str, BuildRow] = farm.records.builds
    build = builds.get(node.key)
    shown = builds.get(node.uses or published) or build
    reason = "; ".join(build.reasons) if build else ""
    if build and build.message:
        reason = f"{build.phase}: {build.message}" if build.phase else build.message
    done = node.state is State.BUILT and node.uses == published
    return ComponentStanding(
        state="published" if done else str(node.state),
        waits_for=node.waits_for,
        version=shown.upstream_version if shown else "",
        commit=shown.inputs["commit"] if shown else "",
        key=node.key,
        since=(build.finished_at or build.requested_at) if build else 0.0,
        reason=farm.problems.get(name, reason),
    )


def with_records(lines: Mapping[str, LineStanding], records: Records) -> dict[str, LineStanding]:
    """The lines with what the records add: package versions, newest commits, what is held back."""
    return {name: _completed(name, line, records) for name, line in lines.items()}


def _completed(name: str, line: LineStanding, records: Records) -> LineStanding:
    channel, _, distro = name.partition("/")
    snapshot = records.snapshots.get((channel, distro))
    generation = records.generations.get((channel, distro))
    running = generation if generation is not None and not generation.done else None
    components = {}
    for component, standing in line.components.items():
        live = records.builds.get(snapshot.content.get(component, "")) if snapshot else None
        head = records.heads.get((channel, component))
        admitted = running.admitted.get(component) if running else None
        components[component] = replace(
            standing,
            package_version=package_version(live) if live else "",
            newest_commit=head.commit if head else "",
            subject=head.subject if head else "",
            next_generation=running is not None and head is not None and admitted != head,
            held_back=line.held_back.get(component, ""),
        )
    return replace(line, components=components)
