"""`farm debian`, `farm spec`: packaging to start from, for one component's directory."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from farm.errors import FarmError

if TYPE_CHECKING:
    from farm.model import Component, Family, Stack

T = TypeVar("T")

Directory = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", exists=True, file_okay=False, help="The component's checked-out directory."
    ),
]
Staged = Annotated[
    Path | None,
    typer.Option(
        metavar="STAGING",
        help="What `make install DESTDIR=STAGING` wrote, configured with --prefix=/usr. Without "
        "it, the component is built in a scratch copy.",
    ),
]
ComponentName = Annotated[
    str | None,
    typer.Option("--component", metavar="NAME", help="Its name; default: the directory's."),
]
Components = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="The components.yml that describes it: summary, dependencies …"
    ),
]
DistroName = Annotated[
    str | None,
    typer.Option("--distro", metavar="NAME", help="A distro of that file to write it for."),
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="What ${NAME} in that file stands for."),
]
Output = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where to write; default: the directory itself.")
]
Adopt = Annotated[
    bool,
    typer.Option(
        "--adopt",
        help="Write it into the repository and stage it for a commit: from then on the farm "
        "uses it instead of writing its own.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace packaging that is there.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    app.command()(debian)
    app.command()(spec)


def debian(
    directory: Directory,
    staged: Staged = None,
    component: ComponentName = None,
    components: Components = None,
    distro: DistroName = None,
    set_: Variables = None,
    output: Output = None,
    adopt: Adopt = False,
    force: Force = False,
) -> None:
    """Write a debian/ directory for a component, from what it installs.

    Example: farm debian libogg --components components.yml --output /tmp/libogg
    """
    _write(
        "deb", directory, staged, component, components, distro, set_, output, adopt, force=force
    )


def spec(
    directory: Directory,
    staged: Staged = None,
    component: ComponentName = None,
    components: Components = None,
    distro: DistroName = None,
    set_: Variables = None,
    output: Output = None,
    adopt: Adopt = False,
    force: Force = False,
) -> None:
    """Write a spec file for a component, from what it installs.

    Example: farm spec libogg --staged /tmp/staging --output .
    """
    _write(
        "rpm", directory, staged, component, components, distro, set_, output, adopt, force=force
    )


def _write(
    family_name: str,
    directory: Path,
    staged: Path | None,
    name: str | None,
    components: Path | None,
    distro_name: str | None,
    assignments: list[str] | None,
    output: Path | None,
    adopt: bool,
    *,
    force: bool,
) -> None:
    from farm.model import Family, Stack
    from farm.packaging.manifest import scan
    from farm.packaging.skeleton import skeleton_info, stage, write_skeleton

    family = Family(family_name)
    component, stack = described_component(directory, name, components, assignments)
    maintainer = stack.maintainer if stack else Stack.model_fields["maintainer"].default
    distro = None
    if distro_name:
        if not stack:
            raise typer.BadParameter("needs --components", param_hint="--distro")
        distro = _entry(stack.distros, distro_name, components)
        if distro.family is not family:
            raise FarmError(f"{distro_name} is of family {distro.family.value}")
    info = skeleton_info(directory, component, family, maintainer, distro)
    if staged is None:
        typer.echo(f"building {info.name} in a scratch copy to see what it installs", err=True)
    manifest = scan(staged) if staged else stage(directory, info)
    if adopt and output:
        raise typer.BadParameter("writes into the repository", param_hint="--adopt")
    written = write_skeleton(info, manifest, family, output or directory, replace=force)
    for path in written:
        print(path)
    if adopt:
        _stage_for_commit(directory, family, component, written)


def _stage_for_commit(
    directory: Path, family: Family, component: Component, written: tuple[Path, ...]
) -> None:
    """Have git take the files in with the next commit, and say what follows."""
    from farm.git_process import run_git
    from farm.model import Packaging
    from farm.packaging.skeleton import GIT_TIMEOUT_S
    from farm.packaging.tree import own_packaging

    paths = [str(path.resolve()) for path in written]
    run_git(["-C", str(directory), "add", "--", *paths], GIT_TIMEOUT_S)
    own_packaging(directory, family, Packaging.REPOSITORY)
    typer.echo("commit and push it: from that commit on the farm uses it as it is", err=True)
    if component.packaging is Packaging.GENERATED:
        typer.echo(
            f"but components.yml says 'packaging: generated' of {component.name}: remove that line",
            err=True,
        )


def described_component(
    directory: Path, name: str | None, components: Path | None, assignments: list[str] | None
) -> tuple[Component, Stack | None]:
    """The component in a directory, as a components.yml describes it, and what else that says.

    :param name: default: the directory's.
    :param components: the file; default: that of the workspace around the directory. Without
        either, the component is one that no file describes.
    :raises FarmError: the file has no such component, or there are mistakes in it.
    """
    from farm.model.load import load_stack
    from farm.packaging.skeleton import bare_component

    bare = bare_component(directory, name)
    given = variables(assignments)
    if components:
        stack = load_stack(components, given)
        return _entry(stack.components, bare.name, components), stack
    found = _workspace_file(directory)
    if found is None:
        return bare, None
    stack = load_stack(found[0], {**found[1], **given})
    return stack.components.get(bare.name, bare), stack


def _workspace_file(directory: Path) -> tuple[Path, dict[str, str]] | None:
    """The components file of the workspace that a directory is in, and its variables."""
    from farm.workspace.layout import find_workspace
    from farm.workspace.settings import load_settings

    layout = find_workspace(directory.resolve(), {})
    if layout is None:
        return None
    settings = load_settings(layout)
    file = layout.downloaded if settings.is_url else Path(settings.source)
    return (file, dict(settings.variables)) if file.is_file() else None


def _entry(entries: Mapping[str, T], name: str, file: Path | None) -> T:
    if name not in entries:
        close = get_close_matches(name, entries, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise FarmError(f"{file} has no {name}{hint}")
    return entries[name]


def variables(assignments: list[str] | None) -> dict[str, str]:
    """What the values of ``--set`` say.

    :raises typer.BadParameter: one is not NAME=VALUE.
    """
    pairs = [assignment.partition("=") for assignment in assignments or ()]
    for name, equals, value in pairs:
        if not (name and equals):
            raise typer.BadParameter(
                f"expected NAME=VALUE, found '{name}{equals}{value}'", param_hint="--set"
            )
    return {name: value for name, _, value in pairs}
