"""`farm run`, `farm shell`: programs with what is in the prefix."""

from __future__ import annotations

import os
from typing import Annotated

import typer

NOT_FOUND = 127
"""What a shell exits with when there is no such program."""


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    app.command(context_settings={"ignore_unknown_options": True})(run)
    app.command()(shell)
    app.command()(env)


def run(
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND…", help="A program and its arguments.")
    ],
) -> None:
    """Run a program with what the workspace's prefix has: programs, libraries, modules.

    Example: farm run ogginfo --help

    It finds the prefix before the system (PATH, LD_LIBRARY_PATH, PKG_CONFIG_PATH …).
    """
    _become(command, _environment())


def shell() -> None:
    """Start a shell that finds what is in the workspace's prefix.

    Example: farm shell

    FARM_WORKSPACE is set in it, so farm commands work from anywhere. Leave it with `exit`.
    """
    environment = _environment()
    program = environment.get("SHELL") or "/bin/sh"
    print(f"{program} with {environment['FARM_PREFIX']}; leave it with exit", flush=True)
    _become([program], environment)


def env() -> None:
    """Print the prefix's environment as shell lines.

    Example: eval "$(farm env)"
    """
    import shlex

    for name, value in sorted(_environment().items()):
        if os.environ.get(name) != value:
            print(f"export {name}={shlex.quote(value)}")


def _environment() -> dict[str, str]:
    from farm.cli.workspace_show import open_here
    from farm.workspace.environment import prefix_environment

    workspace = open_here()
    prefix = workspace.settings.prefix_path
    return {
        **os.environ,
        **prefix_environment(prefix, os.environ),
        "FARM_WORKSPACE": str(workspace.layout.root),
        "FARM_PREFIX": str(prefix),
    }


def _become(command: list[str], environment: dict[str, str]) -> None:
    """Replace this process by a program."""
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 - the user's own command
    except OSError as error:
        typer.echo(f"farm: {command[0]}: {error.strerror}", err=True)
        raise typer.Exit(NOT_FOUND) from error
