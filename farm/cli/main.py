"""Assembles the `farm` command and turns the farm's errors into messages."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typer

PLUGIN_GROUP = "farm.commands"
"""Entry points that add commands, also from packages above farm/: name -> register(app)."""


def build_app() -> typer.Typer:
    """The whole command, from every module that names itself in PLUGIN_GROUP."""
    from importlib.metadata import entry_points

    import typer

    app = typer.Typer(
        name="farm",
        help="Build a stack of components, and everything around it.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for plugin in sorted(entry_points(group=PLUGIN_GROUP), key=lambda point: point.name):
        plugin.load()(app)
    return app


def main() -> None:
    """Run the command; a FarmError becomes one message on standard error and its exit status.

    A build that has nothing to do is answered before anything else is loaded.
    """
    from farm.workspace import quick

    current = quick.answer(sys.argv[1:], os.environ)
    if current:
        print(quick.nothing_to_do(current))
        return
    _main()


def _main() -> None:
    import typer

    from farm.errors import FarmError

    try:
        status = build_app()(standalone_mode=False)
    except typer.TyperException as error:
        print(f"farm: {error} (see farm --help)", file=sys.stderr)
        sys.exit(2)
    except FarmError as error:
        print(f"farm: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        print("farm: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)
