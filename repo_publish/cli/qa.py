"""`farm qa …`: the hand-off to systems under test, from both sides."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.errors import FarmError
from repo_publish.cli import options

if TYPE_CHECKING:
    from farm.qa import Qa

WATCH_S = 2.0


def register(app: typer.Typer) -> None:
    """Add `qa` and its commands to `farm`."""
    qa = typer.Typer(
        help="Tell systems under test of snapshots, take their reports, promote what passed.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    qa.command("report")(report_command)
    qa.command("status")(status_command)
    qa.command("hand-off")(hand_off_command)
    app.add_typer(qa, name="qa")


_Line = Annotated[
    str, typer.Option("--line", metavar="CHANNEL/DISTRO", help="Such as development/bookworm.")
]


def report_command(
    snapshot: Annotated[int, typer.Argument(metavar="SNAPSHOT", help="Its number.", min=1)],
    result: Annotated[str, typer.Argument(metavar="RESULT", help="pass or fail.")],
    line: _Line,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who reports, such as smoke.")],
    url: Annotated[str, typer.Option(metavar="URL", help="Where the details are.")] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="A line about it.")] = "",
    archive: options.Archive = None,
    as_json: options.Json = False,
) -> None:
    """Report what a system under test found of a snapshot.

    A later report of the same name replaces an earlier one; all of them are kept.

    \b
    Example:
      farm qa report 42 pass --line development/bookworm --by smoke
    """
    from repo_publish.qa.intake import take_report
    from repo_publish.qa.reports import checked_report

    place = options.named_line(options.archive_directory(archive), line)
    report = checked_report(snapshot=snapshot, by=by, result=result, url=url, note=note)
    report = take_report(place, report)
    if as_json:
        typer.echo(json.dumps({"line": line, **report.model_dump()}, indent=1))
    else:
        typer.echo(f"{line} {snapshot}: {report.by} says {report.result}")


def status_command(
    line: Annotated[
        str | None, typer.Option("--line", metavar="CHANNEL/DISTRO", help="Default: all lines.")
    ] = None,
    archive: options.Archive = None,
    as_json: options.Json = False,
) -> None:
    """Show who was told of which snapshot, what was reported, and what promotion waits for.

    \b
    Example:
      farm qa status --line development/bookworm
    """
    from repo_publish.line import lines
    from repo_publish.qa.standing import line_standing

    directory = options.archive_directory(archive)
    wanted = [options.named_line(directory, line)] if line else lines(directory)
    settings = _settings()
    standings = [line_standing(one, settings) for one in wanted]
    if as_json:
        typer.echo(json.dumps([one.model_dump() for one in standings], indent=1))
        return
    if not standings:
        typer.echo(f"nothing is published in {directory} yet")
    for one in standings:
        for text in one.text():
            typer.echo(text)


def hand_off_command(
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on until stopped, instead of one pass.")
    ] = False,
    archive: options.Archive = None,
    keys: options.Keys = None,
) -> None:
    """Tell whoever is due of new snapshots, and promote what has passed.

    What is told to whom, and what promotes, are the `qa` settings of the site file. Events that
    cannot be delivered are tried again later: 5 s, 10 s, … an hour. One that is interrupted goes
    on the next time.

    \b
    Example:
      FARM_SITE=site.yml farm qa hand-off --watch
    """
    from farm.site import load_site
    from repo_publish.keys import Keyring
    from repo_publish.publisher import Stores
    from repo_publish.qa.hand_off import HandOff

    site = load_site()
    if site.qa is None:
        raise FarmError("the site file has no `qa` settings")
    hand_off = HandOff(
        options.archive_directory(archive).absolute(),
        site.qa,
        lambda hook: site.secret(f"qa-{hook.name}"),
        Stores(None, Keyring(options.key_directory(keys)), site.archive.public_url.rstrip("/")),
        sys.stderr,
    )
    while True:
        errors = hand_off.one_pass()
        if not watch:
            break
        time.sleep(WATCH_S)
    if errors:
        raise errors[0]


def _settings() -> Qa | None:
    """The site's, where a site is known."""
    from farm.site import SITE_VARIABLE, load_site

    path = Path(os.environ.get(SITE_VARIABLE, "site.yml"))
    return load_site(path).qa if path.exists() else None
