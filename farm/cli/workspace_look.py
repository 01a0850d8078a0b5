"""`farm graph`, and what `farm status`, `why` and `impact` answer inside a workspace."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.show import ago, counted, plain, print_json, print_table, print_text, span
from farm.cli.workspace import Json, Names

if TYPE_CHECKING:
    from collections.abc import Collection

    from farm.workspace.entries import Entries
    from farm.workspace.overview import ComponentStatus


def register(app: typer.Typer) -> None:
    """Add the command to `farm`."""
    app.command()(graph)


def answers_here(site: Path | None) -> bool:
    """Whether a question about the stack is about a workspace: one is here, and no site named."""
    from farm.cli.workspace_show import current_directory
    from farm.workspace.layout import find_workspace

    return site is None and find_workspace(current_directory(), os.environ) is not None


def status_here(component: str | None, *, as_json: bool) -> None:
    """Print how the workspace's components stand: those that are cloned, or the one named."""
    from farm.cli.workspace_show import open_here, say_gone
    from farm.workspace.overview import Condition, overview

    workspace = open_here()
    if component is not None:
        names: Collection[str] = workspace.require([component])
    else:
        names = [n for n, place in workspace.checkouts.items() if place.exists]
        names = {*names, *workspace.settings.binary}
    found = overview(workspace, names)
    if as_json:
        print_json([_plain(one) for one in found])
        return
    print_table(("component", "checkout", "build", "why"), [_row(one) for one in found])
    stale = sum(one.condition not in (Condition.BUILT, Condition.PACKAGE) for one in found)
    absent = len(workspace.entries) - len(found) if component is None else 0
    say = f"{counted(len(found), 'component')}, {stale} not up to date"
    print(f"{say}; {absent} more are not cloned" if absent else say)
    say_gone(workspace)


def why_here(component: str, *, as_json: bool) -> None:
    """Print why a component would be built now, if so, and how its last build was."""
    from farm.cli.workspace_show import open_here
    from farm.workspace.overview import overview

    workspace = open_here()
    (found,) = overview(workspace, workspace.require([component]))
    if as_json:
        print_json(_plain(found))
        return
    if found.reasons:
        print(f"{component} is {found.condition}:")
        for reason in found.reasons:
            print(plain(f"  {reason}"))
    else:
        print(f"{component} is {found.condition}")
    if found.built:
        tests = {"passed": "its tests passed", "none": "it has no tests"}
        said = tests.get(found.tests, "its tests were not run")
        print(f"last built {ago(found.built)} ago in {span(found.seconds)}; {said}")
    if found.log:
        print(f"log: {found.log}")


def impact_here(component: str, *, as_json: bool) -> None:
    """Print what a change of a component would build again here, at most, and for how long."""
    from farm.cli.workspace_show import open_here
    from farm.workspace.overview import blast

    workspace = open_here()
    found = blast(workspace, workspace.require([component])[0])
    if as_json:
        print_json(found)
        return
    count = counted(len(found.dependents), "component")
    print_text(f"{component} and {count} that are built with it: {' '.join(found.dependents)}")
    print(
        f"{span(found.seconds)} of builds, by the last ones; "
        f"the longest chain takes {span(found.longest)}"
    )
    if found.absent:
        print_text(f"not cloned, so not built here: {' '.join(found.absent)}")


def graph(
    components: Names = None,
    dependents: Annotated[
        bool, typer.Option("--dependents", help="What is built with them, instead.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Draw it: .svg, .png, .pdf or .dot."),
    ] = None,
    components_file: Annotated[
        Path | None,
        typer.Option(
            "--components", metavar="FILE", help="Of this components file, without a workspace."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What ${NAME} in that file stands for."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what is built with what: a tree in the terminal, or a picture.

    Example: farm graph xapi --output xapi.svg

    A picture is coloured by how components stand in the workspace.
    """
    from farm.workspace import picture
    from farm.workspace.entries import require, with_dependents

    entries, conditions = _graph_of(components_file, set_, picture_wanted=output is not None)
    named = require(entries, components or ())
    chosen = picture.chosen_for(entries, named)
    if dependents:
        chosen = with_dependents(entries, named or picture.roots(entries))
    if as_json:
        print_json({n: [d for d in entries[n].depends if d in chosen] for n in sorted(chosen)})
    elif output is not None:
        form = output.suffix.removeprefix(".").lower()
        if form not in picture.FORMATS:
            expected = ", ".join(f".{one}" for one in picture.FORMATS)
            raise typer.BadParameter(f"expected one of {expected}", param_hint="--output")
        output.write_bytes(picture.draw(picture.dot(entries, chosen, conditions), form))
        print(f"{output}: {counted(len(chosen), 'component')}")
    else:
        tops = named or picture.roots(entries)
        if dependents and not named:
            tops = sorted(name for name in entries if not entries[name].depends)
        for line in picture.tree_lines(entries, tops, users=dependents):
            print(line)


def _graph_of(
    file: Path | None, assignments: list[str] | None, *, picture_wanted: bool
) -> tuple[Entries, dict[str, str]]:
    """The components, and how they stand where that is wanted and known."""
    if file is not None:
        from farm.cli.variables import parse_variables
        from farm.model.load import load_stack
        from farm.workspace.entries import entries_of

        return entries_of(load_stack(file, parse_variables(assignments)), "", ""), {}
    from farm.cli.workspace_show import open_here
    from farm.workspace.overview import overview

    workspace = open_here()
    if not picture_wanted:
        return workspace.entries, {}
    found = overview(workspace, workspace.entries)
    return workspace.entries, {one.name: one.condition.value for one in found}


def _row(one: ComponentStatus) -> tuple[str, str, str, str]:
    checkout = one.checkout.summary if one.checkout else "-"
    return one.name, checkout, one.condition.value, "; ".join(one.reasons)


def _plain(one: ComponentStatus) -> dict[str, object]:
    return {**asdict(one), "condition": one.condition.value}
