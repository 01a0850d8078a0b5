"""`farm archive list` and `diff`: what there is, and what changed from one snapshot to another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.show import counted, plain, print_json, print_table, short
from repo_publish.cli import options

if TYPE_CHECKING:
    from repo_publish.diff import Changelog, Difference
    from repo_publish.line import Line
    from repo_publish.manifest import Manifest
    from repo_publish.summary import Summary


def register(archive: typer.Typer) -> None:
    """Add the commands to `farm archive`."""
    archive.command("list")(list_command)
    archive.command("diff")(diff_command)


def list_command(
    line: Annotated[
        str, typer.Argument(metavar="[CHANNEL/DISTRO]", help="List the snapshots of this line.")
    ] = "",
    archive: options.Archive = None,
    as_json: options.Json = False,
) -> None:
    """Show every line's live snapshot and the releases, or all snapshots of a line.

    Examples:

    \b
      farm archive list --archive state/archive
      farm archive list development/bookworm
    """
    from repo_publish.line import lines
    from repo_publish.releases import releases
    from repo_publish.summary import newest_summaries, read_summary, summary_of

    directory = options.archive_directory(archive)
    if line:
        place = options.named_line(directory, line)
        found = newest_summaries(place, len(place.numbers()))
    else:
        found = [read_summary(one.link.resolve()) for one in lines(directory)]
        found += [summary_of(one.manifest, None) for one in releases(directory)]
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
    elif found:
        print_table(
            ("line", "snapshot", "published (UTC)", "components", "packages", ""),
            [_row(one) for one in found],
        )
    else:
        typer.echo(f"nothing is published in {directory} yet")


def _row(summary: Summary) -> tuple[str, ...]:
    notes = []
    if summary.rollback:
        notes.append(f"went back to {summary.rollback.to_snapshot}: {summary.rollback.reason}")
    elif summary.refused:
        notes.append(f"rolled back: {', '.join(summary.refused)}")
    if summary.origin:
        notes.append(f"from {summary.origin.channel} {summary.origin.snapshot}")
    return (
        f"{summary.channel}/{summary.distro}",
        str(summary.number),
        time.strftime("%Y-%m-%d %H:%M", time.gmtime(summary.timestamp)),
        str(summary.components),
        str(summary.packages),
        "; ".join(notes),
    )


def diff_command(
    before: Annotated[int, typer.Argument(metavar="BEFORE", help="Number of a snapshot.")],
    line: Annotated[
        str, typer.Option("--line", metavar="CHANNEL/DISTRO", help="Such as development/bookworm.")
    ],
    after: Annotated[
        int | None, typer.Argument(metavar="AFTER", help="Default: the live snapshot.")
    ] = None,
    changelog: Annotated[
        bool, typer.Option("--changelog", help="The commits, for people to read.")
    ] = False,
    archive: options.Archive = None,
    as_json: options.Json = False,
) -> None:
    """Show which packages two snapshots of a line do not share, and their components' commits.

    Examples:

    \b
      farm archive diff 41 42 --line development/bookworm
      farm archive diff 41 --line development/bookworm --changelog
    """
    from repo_publish.diff import changelog as changelog_of
    from repo_publish.diff import difference

    place = options.named_line(options.archive_directory(archive), line)
    last = place.live() if after is None else after
    first, second = _manifest(place, before), _manifest(place, last)
    if not changelog:
        changes = difference(first, second)
        print_json(changes) if as_json else _tell_difference(changes)
        return
    between = range(min(first.number, second.number), max(first.number, second.number) + 1)
    kept = sorted(set(place.numbers()) & set(between))
    log = changelog_of([_manifest(place, number) for number in kept])
    print_json(log) if as_json else _tell_changelog(log, backwards=before > second.number)


def _manifest(place: Line, number: int | None) -> Manifest:
    from repo_publish.errors import PublishError
    from repo_publish.live import kept

    if number is None:
        raise PublishError(f"{place}: nothing is published yet")
    return kept(place, number).manifest


def _tell_difference(changes: Difference) -> None:
    typer.echo(f"{changes.line}: from snapshot {changes.before} to {changes.after}")
    if not changes.components:
        typer.echo("the same builds")
        return
    print_table(
        ("component", "", "before", "after", "commits", "why"),
        [
            (
                c.component,
                c.what,
                c.before,
                c.after,
                _commits(c.commit_before, c.commit_after),
                c.reason,
            )
            for c in changes.components
        ],
    )
    print_table(
        ("package", "", "before", "after"),
        [
            (
                f"{p.package} (source)" if p.kind == "source" else p.package,
                p.what,
                p.before,
                p.after,
            )
            for p in changes.packages
        ],
    )


def _commits(before: str, after: str) -> str:
    if before == after:
        return short(after)
    return "..".join(short(commit) for commit in (before, after) if commit)


def _tell_changelog(log: Changelog, *, backwards: bool) -> None:
    changes = log.difference
    commits = {one.component: one.commits for one in log.changes}
    typer.echo(f"{changes.line}: what changed from snapshot {changes.before} to {changes.after}")
    if backwards:
        typer.echo("(the other way round: going back takes these changes away)")
    for change in changes.components:
        versions = f"{change.before} -> {change.after}" if change.what == "changed" else ""
        typer.echo(f"\n{change.component} {versions or change.after or change.before}")
        if change.what != "changed":
            typer.echo(f"  {change.what}")
        for subject in commits.get(change.component, ()):
            typer.echo(f"  * {plain(subject)}")
        if change.rebuilt:
            typer.echo(f"  rebuilt: {plain(change.reason)}")
    if not changes.components:
        typer.echo("the same builds")
    for sentence in log.rollbacks:
        typer.echo(f"\n{plain(sentence)}")
    if log.missing:
        gone = counted(len(log.missing), "snapshot")
        typer.echo(f"\n{gone} in between no longer kept: the commits of these are not listed")
