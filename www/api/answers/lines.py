"""How lines stand: every line in a few figures, and one line component by component."""

from __future__ import annotations

from collections.abc import Iterable

from farm.plan.planner import Node, State
from farm.plan.report import package_version
from farm.records.store import BuildRow, LineId
from www.api.answers.known import HELD_BACK, Known, shown_state
from www.api.asked import LineQuery, LinesQuery
from www.api.model import ComponentState, Line, Lines, LineSummary


def lines(known: Known, asked: LinesQuery) -> Lines:
    """A page of the lines, each in a few figures."""
    found = [line for line in known.farm.lines if asked.kind in ("", known.kind(line[0]))]
    page = found[asked.offset : asked.offset + asked.limit]
    shown = [LineSummary(**summary(known, line)) for line in page]
    return Lines(lines=shown, found=len(found))


def summary(known: Known, line: LineId) -> dict[str, object]:
    """The fields of a line's summary."""
    generation = known.farm.records.generations.get(line)
    snapshot = known.snapshot(line)
    return {
        "channel": line[0],
        "distro": line[1],
        "kind": known.kind(line[0]),
        "state": known.busy(line),
        "generation": generation.number if generation else 0,
        "snapshot": snapshot.number if snapshot else None,
        "published_at": snapshot.published_at if snapshot else 0.0,
        "archive": known.archive(line),
        "total": len(known.farm.graph(line[1]).order),
        "counts": known.counts(line),
        "held_back": len(snapshot.held_back) if snapshot else 0,
    }


def line(known: Known, asked: LineQuery) -> Line:
    """One line, component by component in build order.

    :raises Problem: there is no such line.
    """
    place = known.line(asked.channel, asked.distro)
    names = _chosen(known, place, asked)
    page = names[asked.offset : asked.offset + asked.limit]
    return Line(**summary(known, place), components=standings(known, place, page), found=len(names))


def _chosen(known: Known, place: LineId, asked: LineQuery) -> list[str]:
    nodes = known.farm.line(place).plan.nodes
    snapshot = known.snapshot(place)
    content = snapshot.content if snapshot else {}
    held_back = snapshot.held_back if snapshot else {}
    states = {state for state in asked.state.split(",") if state}
    return [
        name
        for name, node in nodes.items()
        if asked.text in name
        and (
            not states
            or shown_state(name, node, content) in states
            or (HELD_BACK in states and name in held_back)
        )
    ]


def standings(known: Known, place: LineId, names: Iterable[str]) -> list[ComponentState]:
    """How components stand on a line."""
    names = list(names)
    nodes = known.farm.line(place).plan.nodes
    snapshot = known.snapshot(place)
    content = snapshot.content if snapshot else {}
    keys = {key for n in names for key in (nodes[n].key, nodes[n].uses, content.get(n, "")) if key}
    known.farm.records.builds.warm(keys)
    return [_standing(known, place, name, nodes[name], content.get(name, "")) for name in names]


def _standing(known: Known, place: LineId, name: str, node: Node, published: str) -> ComponentState:
    records = known.farm.records
    build = records.builds.get(node.key) if node.key else None
    live = records.builds.get(published) if published else None
    shown = records.builds.get(node.uses) if node.uses else live or build
    newest = known.farm.wishes.newest_head(place, name)
    generation = known.farm.wishes.under_way(place)
    snapshot = known.snapshot(place)
    return ComponentState(
        component=name,
        state=shown_state(name, node, {name: published}),
        version=package_version(live) if live else "",
        commit=shown.inputs["commit"] if shown else "",
        newest_commit=newest.commit if newest else "",
        subject=newest.subject if newest else "",
        since=(build.finished_at or build.requested_at) if build else 0.0,
        reason=known.farm.problems.get(name) or _reason(node, build, has_commit=newest is not None),
        waits_for=list(node.waits_for),
        next_generation=generation is not None and generation.admitted.get(name) != newest,
        held_back=snapshot.held_back.get(name, "") if snapshot else "",
        key=node.key,
    )


def _reason(node: Node, build: BuildRow | None, *, has_commit: bool) -> str:
    if build is None:
        blocked = node.state is State.BLOCKED and not node.waits_for and not has_commit
        return "no commit of it is known yet" if blocked else ""
    if build.message:
        return f"{build.phase}: {build.message}" if build.phase else build.message
    return "; ".join(build.reasons)
