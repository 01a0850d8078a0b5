"""Options of commands that talk to a running farm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from farm.client.api import FarmClient

FarmUrl = Annotated[
    str | None,
    typer.Option(
        "--farm",
        metavar="URL",
        help="The farm's web UI; default: FARM_URL, the workspace's, or that of the site here.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Recorded by the farm.")]


def client(url: str | None) -> FarmClient:
    """A client of the farm that is meant, which a workspace here may know."""
    import os
    from pathlib import Path

    from farm.client.api import FarmClient
    from farm.client.credentials import chosen_farm

    return FarmClient(chosen_farm(url, _remembered(), os.environ, Path.home()))


def _remembered() -> str:
    import os
    from pathlib import Path

    from farm.workspace.layout import find_workspace
    from farm.workspace.settings import load_settings

    layout = find_workspace(Path.cwd(), os.environ)
    return load_settings(layout).farm if layout is not None else ""
