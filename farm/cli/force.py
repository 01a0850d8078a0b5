"""`farm force` and `farm rebuild-failed`: have a running farm build again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from farm.cli.farm_options import FarmUrl, Json, client
from farm.cli.show import counted, print_json


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    app.command()(force)
    app.command("rebuild-failed")(rebuild_failed)


def force(
    components: Annotated[
        list[str], typer.Argument(metavar="COMPONENT…", help="As in components.yml.")
    ],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Recorded with the builds.")
    ],
    distro: Annotated[
        list[str] | None,
        typer.Option("--distro", metavar="DISTRO", help="Only this one; may be repeated."),
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="CHANNEL", help="Default: the first.")
    ] = None,
    dependents: Annotated[
        bool, typer.Option("--dependents", help="Also everything that is built with them.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="BRANCH_OR_COMMIT", help="Default: the channel's newest."),
    ] = None,
    farm: FarmUrl = None,
    as_json: Json = False,
) -> None:
    """Have a running farm build components again, whatever its pool holds.

    Example: farm force libogg --distro bookworm --dependents --reason "new compiler"
    """
    wish = {
        "components": components,
        "distros": distro or None,
        "channel": channel,
        "dependents": dependents,
        "at": at,
        "reason": reason,
    }
    _print(client(farm).post("force", body=wish), as_json=as_json)


def rebuild_failed(
    line: Annotated[
        str, typer.Argument(metavar="LINE", help="CHANNEL/DISTRO: development/bookworm.")
    ],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Recorded with the builds.")
    ] = "",
    farm: FarmUrl = None,
    as_json: Json = False,
) -> None:
    """Have a running farm build again what failed on a line.

    Example: farm rebuild-failed development/bookworm --reason "the mirror is back"
    """
    channel, slash, distro = line.partition("/")
    if not (channel and slash and distro):
        raise typer.BadParameter(f"'{line}' is no line: expected CHANNEL/DISTRO", param_hint="LINE")
    answer = client(farm).post("lines", channel, distro, "rebuild-failed", body={"reason": reason})
    _print(answer, as_json=as_json)


def _print(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    for distro, names in answer["builds"].items():
        line = f"{answer['channel']}/{distro}"
        print(f"{line}: {counted(len(names), 'build')} asked for: {', '.join(names)}")
