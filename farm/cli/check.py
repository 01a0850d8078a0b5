"""`farm check`: the style guide, checked."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.packaging import ComponentName, Components, Variables, described_component

if TYPE_CHECKING:
    from collections.abc import Sequence

    from farm.style.finding import Change, Finding


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"


def register(app: typer.Typer) -> None:
    """Add the command to `farm`."""
    app.command()(check)


def check(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="[DIR]", exists=True, file_okay=False, help="The component's directory."
        ),
    ] = Path(),
    component: ComponentName = None,
    components: Components = None,
    set_: Variables = None,
    build: Annotated[
        bool, typer.Option("--build/--no-build", help="Build, test and install a scratch copy.")
    ] = True,
    fix: Annotated[
        bool, typer.Option("--fix", help="Make the mechanical repairs, then check again.")
    ] = False,
    format_: Annotated[
        Format, typer.Option("--format", help="For people, or for CI.")
    ] = Format.TEXT,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write there instead of to the terminal.")
    ] = None,
) -> None:
    """Check a component by the style guide (docs/style-guide.md).

    Example: farm check --format sarif --output check.sarif

    Exits with 0 when nothing was found, with 1 when something was, with 2 on wrong options.
    """
    from farm.style.check import check as check_component
    from farm.style.fix import apply

    known, _ = described_component(directory, component, components, set_)
    findings = check_component(directory, known, _say, build=build)
    tried: set[Change] = set()
    # What a repair uncovers (a ./configure that can run now) may be repaired in turn.
    while fix and (new := [f for f in findings if not tried.issuperset(f.changes)]):
        for line in apply(directory, new):
            _say(line)
        tried.update(change for finding in new for change in finding.changes)
        findings = check_component(directory, known, _say, build=build)
    report = _report(findings, format_, known.name)
    if output:
        output.write_text(report)
    else:
        print(report, end="")
    if format_ is Format.TEXT:
        _say(_summary(findings))
    raise typer.Exit(1 if findings else 0)


def _report(findings: Sequence[Finding], format_: Format, name: str) -> str:
    from farm.style import report

    match format_:
        case Format.TEXT:
            return report.text_report(findings)
        case Format.JSON:
            return report.json_report(findings)
        case Format.SARIF:
            return report.sarif_report(findings)
        case Format.JUNIT:
            return report.junit_report(findings, name)


def _summary(findings: Sequence[Finding]) -> str:
    if not findings:
        return "nothing to say against it"
    mechanical = sum(bool(finding.changes) for finding in findings)
    count = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
    return f"{count}; farm check --fix repairs {mechanical}" if mechanical else count


def _say(line: str) -> None:
    typer.echo(line, err=True)
