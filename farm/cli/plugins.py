"""Which module has which command, remembered, so that one command loads one module.

Commands come from entry points, also from packages above farm/. Finding and loading all of them
takes several times as long as most commands run. So the modules of each command are kept in the
user's cache, for as long as no package is installed or removed; a command that the cache does not
know is looked for properly.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import typer

    Register = Callable[[typer.Typer], None]

PLUGIN_GROUP = "farm.commands"
"""Entry points that add commands: name -> register(app)."""
FORMAT = 1


def build_app(command: str = "") -> typer.Typer:
    """The whole command; or only the part with one of its commands, when that is known."""
    plugins = _remembered(command) if command else []
    return _assemble(plugins or [register for _, register in _all_plugins()])


def knows(command: str) -> bool:
    """Whether the modules of a command are remembered."""
    return bool(_targets(command))


def remember() -> None:
    """Find out which module has which command, and keep that; a cache that fails is none."""
    from typer.main import get_command

    commands: dict[str, list[str]] = {}
    for target, register in _all_plugins():
        for name in get_command(_assemble([register])).commands:  # type: ignore[attr-defined]
            commands.setdefault(name, []).append(target)
    with suppress(OSError):
        place = _file()
        os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
        temporary = f"{place}.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump({"key": _key(), "commands": commands}, file)
        os.replace(temporary, place)


def _assemble(plugins: Iterable[Register]) -> typer.Typer:
    import typer

    app = typer.Typer(
        name="farm",
        help="Build a stack of components, and everything around it.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    # With a callback, an app of one command still has that command's name before its arguments.
    app.callback()(lambda: None)
    for register in plugins:
        register(app)
    return app


def _all_plugins() -> list[tuple[str, Register]]:
    from importlib.metadata import entry_points

    points = sorted(entry_points(group=PLUGIN_GROUP), key=lambda point: point.name)
    return [(point.value, point.load()) for point in points]


def _remembered(command: str) -> list[Register]:
    """What registers a command, or nothing when that is not known (any more)."""
    from importlib import import_module

    found = []
    for target in _targets(command):
        module, _, name = target.partition(":")
        try:
            found.append(getattr(import_module(module), name))
        except (ImportError, AttributeError):
            return []
    return found


def _targets(command: str) -> list[str]:
    try:
        place = _file()
        with open(place, encoding="utf-8") as file:
            # Modules are loaded by what this file says, so it has to be the user's own.
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return []
            kept = json.load(file)
        return list(kept["commands"].get(command, ())) if kept["key"] == _key() else []
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _file() -> str:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    # One for each Python environment on the machine.
    environment = sys.prefix.strip("/").replace("/", "-")
    return f"{base}/farm/commands-{environment}.json"


def _key() -> list[object]:
    """What changes when packages are installed or removed, or when this module does."""
    key: list[object] = [FORMAT, sys.version]
    for directory in sys.path:
        if directory.endswith("-packages"):
            key += [directory, os.stat(directory).st_mtime_ns]
    return key
