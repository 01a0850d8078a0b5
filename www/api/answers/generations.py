"""Generations: what of the newest one is done, runs and waits, and when it will be over."""

from __future__ import annotations

import networkx

from farm.plan.impact import Slots, Work, elapsed
from farm.plan.line_plan import LinePlan
from farm.plan.planner import DEFAULT_DURATION_S, State
from farm.records.store import BuildRow, LineId
from farm.site import Site
from www.api.answers.known import Known
from www.api.asked import GenerationQuery
from www.api.model import GenerationPage, PathStep, Step

MIN_LEFT_S = 1.0
"""A build that takes longer than the last time is expected to end soon."""


def generation(known: Known, asked: GenerationQuery) -> GenerationPage:
    """A line's newest generation.

    :raises Problem: there is no such line.
    """
    place = known.line(asked.channel, asked.distro)
    generation = known.farm.records.generations.get(place)
    plan = known.farm.line(place).plan
    snapshot = known.snapshot(place)
    rows = _builds(known, place, generation.number if generation else 0)
    steps = {name: _step(known, plan, name, row) for name, row in rows.items()}
    settled = {name for name in steps if plan.nodes[name].state.settled}
    waiting = [n for n in plan.graph.order if n in plan.remaining_s and n not in steps]
    path = remaining_path(plan)
    running = generation is not None and not generation.done
    return GenerationPage(
        channel=place[0],
        distro=place[1],
        number=generation.number if generation else 0,
        running=running,
        started_at=generation.started_at if generation else 0.0,
        finished_at=generation.finished_at if generation else 0.0,
        snapshot=snapshot.number if snapshot else None,
        counts=known.counts(place),
        done=sorted((steps[n] for n in settled), key=lambda s: (s.finished_at, s.component)),
        building=[steps[n] for n in plan.graph.order if n in steps and n not in settled],
        waiting=[_step(known, plan, name, None) for name in waiting[: asked.waiting]],
        waiting_total=len(waiting),
        remaining_path=[PathStep(component=n, expected_s=_expected(plan, n)) for n in path],
        remaining_s=max(plan.remaining_s.values(), default=0.0),
        estimated_finish=estimated_finish(known, place) if running else None,
    )


def _builds(known: Known, place: LineId, number: int) -> dict[str, BuildRow]:
    """What was asked for in a generation: component to its build."""
    records = known.farm.records
    asked_for = records.generation_builds(place, number)
    here = known.farm.graph(place[1]).position
    rows = ((name, records.last_build(*place, name)) for name in sorted(asked_for) if name in here)
    return {name: row for name, row in rows if row is not None and row.generation == number}


def _expected(plan: LinePlan, name: str) -> float:
    return plan.facts.durations.get(name, DEFAULT_DURATION_S)


def _step(known: Known, plan: LinePlan, name: str, row: BuildRow | None) -> Step:
    state = plan.nodes[name].state
    worker = ""
    if row is not None and state is State.BUILDING and row.started_at:
        worker = known.farm.records.attempts_of(row.key)[-1].worker
    return Step(
        component=name,
        state=state.value,
        key=row.key if row else "",
        worker=worker,
        requested_at=row.requested_at if row else 0.0,
        started_at=row.started_at if row else 0.0,
        finished_at=row.finished_at if row else 0.0,
        expected_s=_expected(plan, name),
    )


def remaining_path(plan: LinePlan) -> list[str]:
    """The longest chain of builds that are left, from the first to the last."""
    left = plan.remaining_s
    path: list[str] = []
    options = list(left)
    while options:
        name = max(options, key=lambda one: (left[one], one))
        path.append(name)
        options = [d for d in plan.graph.dependents[name] if d in left]
    return path


def estimated_finish(known: Known, place: LineId) -> float | None:
    """When all that is left of a line is built, by the last build times and the site's workers.

    :returns: seconds since 1970; None when no worker builds for the distro.
    """
    plan = known.farm.line(place).plan
    left = plan.remaining_s
    seconds = {name: _seconds_left(known, plan, name) for name in left}
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(left)
    graph.add_edges_from(
        (name, dependent)
        for name in left
        for dependent in plan.graph.dependents[name]
        if dependent in left
    )
    spent = elapsed({place[1]: Work(graph, seconds)}, slots(known.site, place[1]))
    return None if spent is None else known.now + spent


def _seconds_left(known: Known, plan: LinePlan, name: str) -> float:
    expected = _expected(plan, name)
    row = known.farm.records.unfinished.get(plan.nodes[name].key)
    if row is None or not row.started_at:
        return expected
    return max(MIN_LEFT_S, expected - (known.now - row.started_at))


def slots(site: Site, distro: str) -> list[Slots]:
    """The builds that a site's workers do for a distro at the same time."""
    if not site.workers:
        return [Slots(frozenset([distro]), 1)]
    return [
        Slots(None, one.builds)
        for one in site.workers.values()
        if not one.untrusted and (not one.distros or distro in one.distros)
    ]
