"""Commands of the workspace that are called with nothing unusual, without a parser.

Loading the parser of all commands takes several times as long as most of these do. Whatever is not
exactly known here (``--help``, a misspelt option, a value that may be wrong) is left to it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_COMMON = {"--offline": "offline", "--json": "as_json"}
_BUILD = {**_COMMON, "--fresh": "fresh", "--no-tests": "no_tests"}
COMMANDS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "clone": ("clone", {**_COMMON, "--deps": "deps", "--all": "everything"}, {}),
    "sync": ("sync", {**_COMMON, "--deps": "deps"}, {}),
    "install": (
        "install",
        {**_COMMON, "--yes": "yes", "-y": "yes", "--no-tests": "no_tests"},
        {},
    ),
    "build": ("build", {**_BUILD, "--dependents": "dependents"}, {}),
    "reinstall": ("build", _BUILD, {"command": "reinstall"}),
    "test": ("test", _COMMON, {}),
}
"""Command to the function in `farm.cli.workspace_do`, its switches, and what is always passed."""
JOBS = ("build", "reinstall", "install", "test")
"""Commands that take ``-jN``."""
NEED_NAMES = ("reinstall", "install", "test")


def read(arguments: list[str]) -> tuple[str, list[str], dict[str, Any]] | None:
    """The function that a command line calls, the names and options given to it.

    None for everything that the parser has to read.
    """
    if not arguments or arguments[0] not in COMMANDS:
        return None
    command = arguments[0]
    function, switches, options = COMMANDS[command]
    options = dict(options)
    names = []
    for argument in arguments[1:]:
        if not argument.startswith("-"):
            names.append(argument)
        elif argument in switches:
            options[switches[argument]] = True
        elif command in JOBS and argument[:2] == "-j" and argument[2:].isdecimal():
            options["jobs"] = int(argument[2:])
        else:
            return None
    if options.get("jobs") == 0 or (command in NEED_NAMES and not names):
        return None
    return function, names, options


def find(arguments: list[str]) -> Callable[[], None] | None:
    """What carries a command line out; None when the parser has to read it."""
    found = read(arguments)
    if found is None:
        return None
    function, names, options = found

    def carry_out() -> None:
        from farm.cli import workspace_do

        getattr(workspace_do, function)(names, **options)

    return carry_out
