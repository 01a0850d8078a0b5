"""`farm validate`, `farm builders`, `farm schema`: what components.yml says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.errors import ConfigError

if TYPE_CHECKING:
    from farm.builders import BuilderRow
    from farm.model import Stack

# Everything heavy (pydantic, networkx, rich) is imported by the command that needs it, so that
# `farm --help` and shell completion answer at once.

FILE_VARIABLE = "FARM_COMPONENTS"
DEFAULT_FILE = Path("components.yml")
UNLIMITED_WIDTH = 1000
"""Columns of a table that goes into a file or pipe: nothing is cut off there."""

Variables = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="What ${NAME} in the file stands for; repeatable."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    app.command()(validate)
    app.command()(builders)
    app.command()(schema)


def validate(
    file: Annotated[
        Path, typer.Argument(envvar=FILE_VARIABLE, help="The file to check.", show_default=True)
    ] = DEFAULT_FILE,
    set_: Variables = None,
    as_json: Json = False,
) -> None:
    """Check a components.yml: all mistakes at once, with line and column.

    Example: farm validate --set demo=/tmp/demo examples/demo/components.yml

    Exits with 0 when the file is right, with 2 when it is not.
    """
    stack = _load(file, set_, as_json=as_json)
    if as_json:
        counts = {
            "channels": len(stack.channels),
            "distros": len(stack.distros),
            "components": len(stack.components),
        }
        print(json.dumps({"file": str(file), "problems": [], **counts}, indent=2))
    else:
        print(f"{file}: no mistakes in {_summary(stack)}")


def builders(
    components: Annotated[
        Path,
        typer.Option(
            "--components", metavar="FILE", envvar=FILE_VARIABLE, help="The components.yml to read."
        ),
    ] = DEFAULT_FILE,
    set_: Variables = None,
    as_json: Json = False,
) -> None:
    """Print the builders of a stack, one per component and distro.

    Example: farm builders --json | jq -r '.[].name'
    """
    from farm.builders import builder_table

    rows = builder_table(_load(components, set_, as_json=as_json))
    if as_json:
        print(json.dumps([_plain(row) for row in rows], indent=2))
    else:
        _print_table(rows)


def schema() -> None:
    """Print the JSON Schema of components.yml, for editors.

    Example: farm schema > components.schema.json
    """
    from farm.model.schema import stack_schema

    print(json.dumps(stack_schema(), indent=2))


def _load(file: Path, assignments: list[str] | None, *, as_json: bool) -> Stack:
    """The stack, or the end of the command with all mistakes printed."""
    from farm.model.load import load_stack

    variables = {}
    for assignment in assignments or ():
        name, equals, value = assignment.partition("=")
        if not (name and equals):
            raise typer.BadParameter(
                f"expected NAME=VALUE, found '{assignment}'", param_hint="--set"
            )
        variables[name] = value
    try:
        return load_stack(file, variables)
    except ConfigError as error:
        _report(error, as_json=as_json)
        raise typer.Exit(error.exit_code) from error


def _report(error: ConfigError, *, as_json: bool) -> None:
    if as_json:
        problems = [vars(problem) for problem in error.problems]
        print(json.dumps({"file": error.problems[0].file, "problems": problems}, indent=2))
        return
    # One problem a line and nothing before the file name: editors and CI jump to it.
    for problem in error.problems:
        typer.echo(str(problem), err=True)
    count = len(error.problems)
    typer.echo(f"{count} mistake{'s' if count > 1 else ''} found", err=True)


def _summary(stack: Stack) -> str:
    def some(count: int, noun: str) -> str:
        return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

    return (
        f"{some(len(stack.components), 'component')}, {some(len(stack.distros), 'distro')} "
        f"and {some(len(stack.channels), 'channel')}"
    )


def _plain(row: BuilderRow) -> dict[str, object]:
    return {
        "name": row.name,
        "kind": row.kind.value,
        "component": row.component,
        "distro": row.distro,
        "tags": list(row.tags),
    }


def _print_table(rows: tuple[BuilderRow, ...]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table("builder", "kind", "component", "distro", box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(row.name, row.kind.value, row.component or "", row.distro)
    console = Console()
    if not console.is_terminal:
        console.width = UNLIMITED_WIDTH
    console.print(table)
    print(f"{len(rows)} builders")
