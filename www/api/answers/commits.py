"""Where a commit is: merged, built, published on each line, or what holds it."""

from __future__ import annotations

from collections.abc import Iterable

from farm.heads import Head
from farm.plan.planner import State
from farm.plan.report import package_version
from farm.records.store import BUILT, BuildRow, LineId
from www.api.answers.known import PUBLISHED, Known
from www.api.answers.lines import standings
from www.api.history import CommitFacts, Containing
from www.api.model import CommitOnLine, CommitPage, ComponentState

NOT_MERGED, MERGED = "not merged", "merged"


def heads_known(known: Known) -> dict[str, set[str]]:
    """The newest commits of all channels and running generations: component to them."""
    found: dict[str, set[str]] = {}
    for (_, component), head in known.farm.records.heads.items():
        found.setdefault(component, set()).add(head.commit)
    for generation in known.farm.records.generations.values():
        for component, head in generation.admitted.items():
            found.setdefault(component, set()).add(head.commit)
    return found


def repositories_of(known: Known, components: Iterable[str]) -> dict[str, list[str]]:
    """Clone URLs, each with those of the components that live there."""
    found: dict[str, list[str]] = {}
    for name in components:
        found.setdefault(known.farm.stack.components[name].git, []).append(name)
    return found


def commit(known: Known, facts: CommitFacts) -> CommitPage:
    """How far a commit has come on every line that builds what it changes."""
    lines = []
    for name in facts.components:
        for place in known.farm.lines:
            if name not in known.farm.graph(place[1]).position:
                continue
            head = known.farm.wishes.newest_head(place, name)
            having = facts.heads.get(head.commit) if head else None
            # Of topics and pull requests only those count that brought it themselves.
            own = (place[0], name) in known.farm.records.heads
            if known.kind(place[0]) == "channel" or (own and having is not None):
                lines.append(_on_line(known, place, name, head, having))
    return CommitPage(
        commit=facts.commit,
        subject=facts.subject,
        author=facts.author,
        committed_at=facts.committed_at,
        components=list(facts.components),
        lines=lines,
    )


def _on_line(
    known: Known, place: LineId, name: str, head: Head | None, having: Containing | None
) -> CommitOnLine:
    if having is None or head is None:
        branch = f"{head.branch} does not have it" if head else "no commit of it is known"
        return CommitOnLine(
            channel=place[0],
            distro=place[1],
            component=name,
            stage=NOT_MERGED,
            merged_at=0.0,
            built_at=0.0,
            key="",
            version="",
            published_at=0.0,
            snapshot=None,
            holds=branch,
        )
    built = _first_build(known, place, name, having)
    brought = _first_publication(known, place, name, having)
    shown = brought[0] if brought else built
    stage = PUBLISHED if brought else State.BUILT.value if built else MERGED
    return CommitOnLine(
        channel=place[0],
        distro=place[1],
        component=name,
        stage=stage,
        merged_at=having.merged_at,
        built_at=built.finished_at if built else 0.0,
        key=shown.key if shown else "",
        version=package_version(shown) if shown else "",
        published_at=brought[2] if brought else 0.0,
        snapshot=brought[1] if brought else None,
        holds="" if brought else _holds(known, place, name, having),
    )


def _first_build(known: Known, place: LineId, name: str, having: Containing) -> BuildRow | None:
    records = known.farm.records
    # The plan's own build may be another channel's.
    current = records.builds.get(known.farm.line(place).plan.nodes[name].key)
    rows = [*([current] if current else []), *records.builds_of(*place, name)]
    good = [r for r in rows if r.outcome == BUILT and r.inputs["commit"] in having.commits]
    return min(good, key=lambda row: row.finished_at, default=None)


def _first_publication(
    known: Known, place: LineId, name: str, having: Containing
) -> tuple[BuildRow, int, float] | None:
    records = known.farm.records
    for change in records.published_changes(place, name):
        row = records.builds.get(change.key) if change.key else None
        if row is not None and row.inputs["commit"] in having.commits:
            return row, change.number, change.published_at
    return None


def _holds(known: Known, place: LineId, name: str, having: Containing) -> str:
    """Why a commit of a component is not published (yet)."""
    (standing,) = standings(known, place, [name])
    if standing.held_back:
        return f"held back: {standing.held_back}"
    generation = known.farm.wishes.under_way(place)
    admitted = generation.admitted.get(name) if generation else None
    if generation and (admitted is None or admitted.commit not in having.commits):
        return f"it came too late for generation {generation.number}, and waits for the next"
    return _words(known, place, standing)


def _words(known: Known, place: LineId, standing: ComponentState) -> str:
    others = ", ".join(standing.waits_for)
    match standing.state:
        case "waiting":
            return f"waits for {others} to be built first"
        case "blocked":
            return f"blocked by {others}" if others else standing.reason
        case "failed":
            return f"it does not build: {standing.reason}"
        case "building":
            return "it is being built"
        case "ready":
            return "it waits for a worker"
    left = len(known.farm.line(place).plan.remaining_s)
    if left:
        return f"it is built; the archive takes it when the other {left} builds are done"
    return "it is built and being published"
