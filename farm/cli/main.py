"""The `farm` command, which turns the farm's errors into messages."""

from __future__ import annotations

import os
import sys

from farm.cli.plugins import PLUGIN_GROUP, build_app

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PLUGIN_GROUP", "build_app", "main"]


def main() -> None:
    """Run the command; a FarmError becomes one message on standard error and its exit status.

    The commands that developers wait for most are answered with as little loaded as they need.
    """
    from farm.workspace import quick

    arguments = sys.argv[1:]
    current = quick.answer(arguments, os.environ)
    if current:
        print(quick.nothing_to_do(current))
        return
    from farm.cli import plain

    sys.exit(_with_messages(plain.find(arguments) or (lambda: _parsed(arguments))))


def _with_messages(command: Callable[[], object]) -> int:
    """The exit status of a command."""
    from farm.errors import FarmError

    try:
        status = command()
    except FarmError as error:
        print(f"farm: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("farm: interrupted", file=sys.stderr)
        return 130
    return status if isinstance(status, int) else 0


def _parsed(arguments: list[str]) -> object:
    """Let the parser read the arguments and call what they name."""
    from farm.cli import plugins

    command = arguments[0] if arguments and not arguments[0].startswith("-") else ""
    if command and not plugins.knows(command):
        plugins.remember()
    import typer

    try:
        return build_app(command)(standalone_mode=False)
    except typer.TyperException as error:
        print(f"farm: {error} (see farm --help)", file=sys.stderr)
        return 2
    except typer.Abort:
        raise KeyboardInterrupt from None
