"""Components: all of them, and everything about one."""

from __future__ import annotations

from farm.git import redacted
from farm.model import Component
from farm.plan.line_plan import LineGraph
from farm.plan.report import BuildReport, build_history
from farm.records.store import BuildRow, LineId
from www.api.answers.failures import broken, by_chance
from www.api.answers.known import Known
from www.api.answers.lines import standings
from www.api.asked import ComponentQuery, ComponentsQuery
from www.api.model import (
    BuildSummary,
    ComponentOnLine,
    ComponentPage,
    Components,
    ComponentSummary,
    InputChange,
)


def components(known: Known, asked: ComponentsQuery) -> Components:
    """The components of components.yml, in the file's order."""
    found = [c for name, c in known.farm.stack.components.items() if asked.text in name]
    page = found[asked.offset : asked.offset + asked.limit]
    return Components(components=[_summary(known, one) for one in page], found=len(found))


def _summary(known: Known, component: Component) -> ComponentSummary:
    return ComponentSummary(
        name=component.name,
        summary=component.summary,
        git=redacted(component.git),
        directory=component.directory,
        distros=_distros(known, component),
        depends=list(component.depends),
    )


def _distros(known: Known, component: Component) -> list[str]:
    return [name for name in known.farm.stack.distros if component.builds_on(name)]


def component(known: Known, asked: ComponentQuery) -> ComponentPage:
    """Everything about one component.

    :raises Problem: there is no such component or channel.
    """
    name = known.component(asked.name)
    one = known.farm.stack.components[name]
    chosen = known.channel(asked.channel)
    distros = _distros(known, one)
    graphs = [known.farm.graph(distro) for distro in distros]
    places = [line for line in known.farm.lines if line[1] in distros]
    return ComponentPage(
        name=name,
        summary=one.summary,
        description=one.description,
        licence=one.licence,
        homepage=one.homepage,
        git=redacted(one.git),
        directory=one.directory,
        distros=distros,
        depends=list(one.depends),
        dependents=sorted({other for on in graphs for other in on.dependents[name]}),
        all_depends=sorted({other for on in graphs for other in all_depends(on, name)}),
        all_dependents=sorted({other for on in graphs for other in on.all_dependents(name)}),
        problem=known.farm.problems.get(name, ""),
        lines=[_on_line(known, place, name, chosen, asked) for place in places],
    )


def all_depends(on: LineGraph, name: str) -> set[str]:
    """What a component is built with, directly or not."""
    found: set[str] = set()
    left = [name]
    while left:
        for dependency in on.depends[left.pop()]:
            if dependency not in found:
                found.add(dependency)
                left.append(dependency)
    return found


def _on_line(
    known: Known, place: LineId, name: str, chosen: str, asked: ComponentQuery
) -> ComponentOnLine:
    (standing,) = standings(known, place, [name])
    shown = asked.builds if place[0] == chosen else 0
    rows = known.farm.records.builds_of(*place, name) if place[0] == chosen else []
    return ComponentOnLine(
        channel=place[0],
        distro=place[1],
        standing=standing,
        builds=history(known, place, name, rows, shown, asked.before),
        archive=known.archive(place),
        broken=broken(rows),
        by_chance=by_chance(rows)[: asked.builds],
    )


def history(
    known: Known, place: LineId, name: str, rows: list[BuildRow], most: int, before: float
) -> list[BuildSummary]:
    """The last of a component's builds on a line, the newest first.

    :param before: only those asked for before this moment; 0: all.
    """
    if not most:
        return []
    records = known.farm.records
    snapshot = known.snapshot(place)
    live = snapshot.content.get(name, "") if snapshot else ""
    if before:
        rows = [row for row in rows if row.requested_at < before]
    # One more, since a build's reasons are how it differs from the one before.
    shown: list[BuildRow] = rows[: most + 1]
    forces = records.forces_of(*place, name)
    reports = build_history(records.builds, shown, live, forces)
    return [_build(report) for report in reports[:most]]


def _build(report: BuildReport) -> BuildSummary:
    return BuildSummary(
        **{
            field: getattr(report, field)
            for field in BuildSummary.model_fields
            if field not in ("reasons", "changed")
        },
        reasons=list(report.reasons),
        changed=[InputChange(**vars(one)) for one in report.changed],
    )
