"""`farm status`, `farm why`, `farm key`, `farm impact`: questions that the records answer."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.show import print_json

if TYPE_CHECKING:
    from farm.cli.looking import View
    from farm.plan.report import KeyReport
    from farm.records.store import BuildRow, LineId

# The farm's modules are imported by the command that needs them: `farm --help` answers at once.

MIN_KEY_DIGITS = 6

Component = Annotated[str, typer.Argument(metavar="COMPONENT", help="As in components.yml.")]
Distro = Annotated[str, typer.Argument(metavar="DISTRO", help="As in components.yml.")]
SiteFile = Annotated[
    Path | None,
    typer.Option(
        "--site", metavar="FILE", envvar="FARM_SITE", help="The site file; default: site.yml."
    ),
]
Channel = Annotated[
    str | None,
    typer.Option("--channel", metavar="CHANNEL", help="Default: development."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    for command in (status, why, key, impact):
        app.command()(command)


def status(
    component: Annotated[
        str | None, typer.Argument(metavar="COMPONENT", help="Only this component.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="CHANNEL", help="Default: all.")
    ] = None,
    site: SiteFile = None,
    as_json: Json = False,
) -> None:
    """Show how every line stands; in a developer's workspace, how its components do.

    Example: farm status libvorbis

    For each component: what is published, and whether it is building, waiting, failed or held
    back. It is read from the master's status file; when no master keeps that fresh, it is derived
    from the records. The answer says which.
    """
    from farm.cli.workspace_look import answers_here, status_here

    if channel is None and answers_here(site):
        status_here(component, as_json=as_json)
        return
    from farm.cli.answers import print_standing
    from farm.cli.looking import looking

    with looking(site) as view:
        standing = view.standing()
        lines = standing.lines
        if component is not None:
            view.component(component)
            lines = {
                name: replace(line, components={component: line.components[component]})
                for name, line in lines.items()
                if component in line.components
            }
        if channel is not None:
            chosen = f"{view.channel(channel)}/"
            lines = {name: line for name, line in lines.items() if name.startswith(chosen)}
    standing = replace(standing, lines=lines)
    if as_json:
        print_json(standing)
    else:
        print_standing(standing)


def why(
    component: Component,
    distro: Annotated[
        str | None,
        typer.Argument(metavar="DISTRO", help="As in components.yml; not in a workspace."),
    ] = None,
    channel: Channel = None,
    last: Annotated[
        int, typer.Option("--last", metavar="N", min=1, help="How many builds to show.")
    ] = 10,
    site: SiteFile = None,
    as_json: Json = False,
) -> None:
    """Show why a component was built; in a developer's workspace, why it would be built now.

    Example: farm why libvorbis bookworm --last 3

    Its last builds on a distro, newest first: what came out, which inputs had changed, and where
    the log is.
    """
    if distro is None:
        from farm.cli.workspace_look import answers_here, why_here

        if not answers_here(site):
            raise typer.BadParameter("name the distro of the build", param_hint="DISTRO")
        why_here(component, as_json=as_json)
        return
    from farm.cli.answers import print_breakage, print_builds
    from farm.cli.looking import looking
    from farm.failure.history import breakage
    from farm.plan.report import build_history
    from farm.records.store import FAILED

    with looking(site) as view:
        line = view.line(component, distro, channel)
        snapshot = view.records.snapshots.get(line)
        live = snapshot.content.get(component, "") if snapshot else ""
        forces = view.records.forces_of(*line, component)
        found = view.records.builds_of(*line, component)
        builds = build_history(view.records.builds, found, live, forces)
        shown = builds[:last]
        logs = view.logs_of([build.key for build in shown], component, distro)
        failed = [build.key for build in shown if build.outcome == FAILED]
        found_in = {key: list(view.records.failures_of(key).values()) for key in failed}
    failures = {key: kept[-1].failure for key, kept in found_in.items() if kept}
    broken = breakage(found)
    if as_json:
        said = {key: failure.model_dump(mode="json") for key, failure in failures.items()}
        answer = [
            {**asdict(build), "log": logs[build.key], "failure": said.get(build.key)}
            for build in shown
        ]
        commits = list(broken.commits) if broken else None
        print_json(
            {
                "component": component,
                "distro": distro,
                "channel": line[0],
                "broken_between": commits,
                "builds": answer,
            }
        )
    else:
        print_builds(component, line, shown, logs, len(builds), failures)
        if broken:
            print_breakage(broken)


def key(
    component: Component,
    distro: Distro,
    channel: Channel = None,
    compare: Annotated[
        str | None,
        typer.Option("--compare", metavar="KEY", help="Say what differs from this build's key."),
    ] = None,
    previous: Annotated[
        bool, typer.Option("--previous", help="Say what differs from the build before it.")
    ] = False,
    site: SiteFile = None,
    as_json: Json = False,
) -> None:
    """Show what is in a component's build key.

    Example: farm key libvorbis bookworm --previous

    A KEY may be shortened to its first digits; `farm why` lists the keys of builds.
    """
    from farm.cli.answers import print_key
    from farm.cli.looking import looking
    from farm.plan import report

    if compare is not None and previous:
        raise typer.BadParameter("give one of --compare and --previous", param_hint="--previous")
    with looking(site) as view:
        line = view.line(component, distro, channel)
        answer = _current_key(view, line, component)
        other = _build_of(view, compare) if compare is not None else None
        if previous:
            other = _previous(view, line, answer)
        if other is not None:
            answer = replace(answer, compared=report.compare(answer, other, view.records.views))
    if as_json:
        print_json(answer)
    else:
        print_key(answer, previous=previous)


def _current_key(view: View, line: LineId, component: str) -> KeyReport:
    from farm.errors import FarmError
    from farm.plan.report import key_report

    inputs = view.farm.inputs(line, component)
    if inputs is None:
        raise FarmError(
            f"{component} has no commit on channel {line[0]} yet; `farm status {component}` says "
            "what is known of its repository"
        )
    state = view.farm.line(line)
    depends = state.graph.depends[component]
    return key_report(line, component, state.plan.nodes, inputs, depends, view.records.builds)


def _build_of(view: View, key: str) -> BuildRow:
    from farm.cli.looking import WrongName

    if len(key) < MIN_KEY_DIGITS:
        raise WrongName(f"'{key}' is too short for a build key: give {MIN_KEY_DIGITS} digits")
    found = view.records.keys_like(key)
    if not found:
        raise WrongName(f"the records have no build of key '{key}'; `farm why` lists keys")
    if len(found) > 1:
        raise WrongName(f"{len(found)} keys begin with '{key}': give more digits")
    return view.records.builds[found[0]]


def _previous(view: View, line: LineId, answer: KeyReport) -> BuildRow | None:
    rows = view.records.builds_of(*line, answer.component)
    keys = [row.key for row in rows]
    before = rows[keys.index(answer.key) + 1 :] if answer.key in keys else rows
    return before[0] if before else None


def impact(
    component: Component,
    distro: Annotated[
        str | None, typer.Option("--distro", metavar="DISTRO", help="Only this one; default: all.")
    ] = None,
    channel: Channel = None,
    site: SiteFile = None,
    as_json: Json = False,
) -> None:
    """Show what a push would rebuild at most; in a developer's workspace, what a change would.

    Example: farm impact libogg --distro bookworm

    The component and all that is built with it, and how long that takes. Times are those of each
    component's last build on the distro.
    """
    from farm.cli.workspace_look import answers_here, impact_here

    if distro is None and channel is None and answers_here(site):
        impact_here(component, as_json=as_json)
        return
    from farm.cli.answers import print_impact
    from farm.cli.looking import looking
    from farm.plan.impact import Slots, impact_of

    with looking(site, without_records=True) as view:
        view.component(component)
        if distro is not None:
            distros = [view.line(component, distro, channel)[1]]
        else:
            chosen = view.channel(channel)
            distros = [d for c, d in view.farm.lines if c == chosen]
        workers = [
            Slots(frozenset(one.distros) if one.distros else None, one.builds)
            for one in view.site.workers.values()
        ] or [Slots(frozenset([name]), 1) for name in view.stack.distros]
        durations = {name: view.records.durations(name) for name in distros}
        answer = impact_of(view.stack, component, durations, workers, distros)
    if as_json:
        print_json(answer)
    else:
        print_impact(answer)
