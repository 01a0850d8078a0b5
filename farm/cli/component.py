"""`farm component add`: a repository becomes an entry of components.yml."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.config import DEFAULT_FILE, FILE_VARIABLE, Json, Variables
from farm.cli.packaging import variables
from farm.errors import FarmError

if TYPE_CHECKING:
    from farm.inspection.entry import Proposal
    from farm.inspection.survey import Survey
    from farm.model import Stack

Url = Annotated[str, typer.Argument(metavar="URL", help="The repository, or a path to it.")]
Name = Annotated[
    str | None, typer.Option("--name", help="The component's name; default: the repository's.")
]
ComponentsFile = Annotated[
    Path,
    typer.Option("--components", metavar="FILE", envvar=FILE_VARIABLE, help="The file to add to."),
]
Directory = Annotated[
    str, typer.Option("--directory", metavar="DIR", help="Its directory in the repository.")
]
Branch = Annotated[
    str | None, typer.Option("--branch", help="Branch to follow; default: the repository's HEAD.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Print the change and write nothing.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    component = typer.Typer(name="component", help="The entries of a components.yml.")
    component.callback()(lambda: None)
    component.command()(add)
    app.add_typer(component)


def add(
    url: Url,
    name: Name = None,
    components: ComponentsFile = DEFAULT_FILE,
    directory: Directory = ".",
    branch: Branch = None,
    set_: Variables = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Read a repository and add it to components.yml; say what could not be found out.

    Example: farm component add https://github.com/xiph/ogg.git --name libogg --dry-run

    Nothing of the repository is run. The file keeps its comments and order, and is only replaced
    by one that farm validate accepts.
    """
    from farm.inspection.repository import below, fetched
    from farm.inspection.survey import name_of, survey
    from farm.model.edit import SECTION, save_checked, unchanged_but, with_component
    from farm.model.load import load_stack

    git = _git_url(url)
    called = name or name_of(git)
    assigned = variables(set_)
    stack = load_stack(components, assigned)
    _check_new(stack, called, git, directory, components)
    typer.echo(f"reading {git}", err=True)
    with fetched(git, branch, called) as checkout:
        found = survey(below(checkout, git, directory), called, checkout.version)
    proposal = _proposal(found, git, directory, stack, components)
    if branch:
        proposal.entry["branch"] = branch
    before = components.read_bytes().decode()
    after = with_component(before, called, proposal.entry)
    if not unchanged_but(before, after, called):
        raise FarmError(f"{components} is written in a way that nothing can be added to {SECTION}")
    if not dry_run:
        save_checked(components, after, assigned)
    if as_json:
        _print_json(called, proposal)
    elif dry_run:
        _print_diff(components, before, after)
    else:
        print(f"added {called} to {components}")
    for note in () if as_json else proposal.notes:
        typer.echo(f"look after {note}", err=True)


def _git_url(url: str) -> str:
    from pydantic import TypeAdapter, ValidationError

    from farm.model.names import GitUrl

    given = str(Path(url).resolve()) if Path(url).is_dir() else url
    try:
        return TypeAdapter(GitUrl).validate_python(given)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(f"{url}: {reason}", param_hint="URL") from error


def _check_new(stack: Stack, name: str, git: str, directory: str, file: Path) -> None:
    from pydantic import TypeAdapter, ValidationError

    from farm.inspection.entry import twin_of
    from farm.model.names import ComponentName
    from farm.model.names import Directory as CheckedDirectory

    try:
        TypeAdapter(ComponentName).validate_python(name)
    except ValidationError as error:
        raise typer.BadParameter(
            f"'{name}' cannot name a component: lower-case letters, digits, + . -",
            param_hint="--name",
        ) from error
    try:
        TypeAdapter(CheckedDirectory).validate_python(directory)
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"], param_hint="--directory") from error
    if name in stack.components:
        raise FarmError(f"{file} has a component {name} already; choose another --name")
    if twin := twin_of(stack, git, directory):
        raise FarmError(f"{file} has this repository already, as {twin}")


def _proposal(found: Survey, git: str, directory: str, stack: Stack, components: Path) -> Proposal:
    from farm.inspection.debian_packages import finder
    from farm.inspection.entry import Known, propose
    from farm.inspection.requirements import provided_modules
    from farm.model import Family

    checkouts = components.resolve().parent
    provided = {
        module: name
        for name in stack.components
        if (tree := checkouts / name).is_dir()
        for module in provided_modules(tree)
    }
    families = dict.fromkeys(distro.family for distro in stack.distros.values())
    package_of = finder() if Family.DEB in families and found.modules else lambda module: ""
    known = Known(tuple(stack.components), provided, package_of)
    return propose(found, git, known, families, directory=directory)


def _print_diff(file: Path, before: str, after: str) -> None:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), str(file), str(file)
    )
    sys.stdout.writelines(lines)


def _print_json(name: str, proposal: Proposal) -> None:
    from farm.cli.show import print_json

    print_json({"name": name, "entry": proposal.entry, "notes": list(proposal.notes)})
