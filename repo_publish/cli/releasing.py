"""`farm release` and `farm stable`: immutable archives, and the channels that take their fixes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.show import print_json, short
from farm.errors import FarmError
from repo_publish.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repo_publish.publisher import Stores
    from repo_publish.releases import Released

Url = Annotated[
    str | None, typer.Option("--url", help="Address of the archive. Default: as published so far.")
]
Name = Annotated[str, typer.Argument(metavar="RELEASE", help="Such as 1.2.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    app.command("release")(release_command)
    app.command("stable")(stable_command)


def release_command(
    name: Name,
    from_: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="[DISTRO=]NUMBER",
            help="Snapshot to release, of every distro or of one; repeatable. With DISTRO= only, "
            "only these distros are released. Default: what is live.",
        ),
    ] = None,
    channel: Annotated[
        str, typer.Option(metavar="CHANNEL", help="Where the snapshots are.")
    ] = "development",
    archive: options.Archive = None,
    keys: options.Keys = None,
    url: Url = None,
    as_json: options.Json = False,
) -> None:
    """Publish releases/RELEASE/DISTRO from a snapshot of each distro, for ever, building nothing.

    All packages and their sources are those of the snapshots. A release is never changed: `farm
    stable` begins the channel that takes its fixes.

    Examples:

    \b
      farm release 1.2 --from 42
      farm release 1.2 --from bookworm=42 --from el9=40
    """
    from repo_publish.releases import address_of, release, snapshots_to_release, uneven

    directory = options.archive_directory(archive)
    default, wanted = _numbers(from_ or [])
    snapshots = snapshots_to_release(directory, channel, wanted, default)
    stores = _stores(keys, url or address_of(directory, channel))
    released = release(directory, name, channel, snapshots, stores, sys.stderr)
    differing = uneven(released)
    if as_json:
        print_json({"release": name, "distros": _rows(released), "uneven": differing})
        return
    for one in released:
        made = one.manifest
        typer.echo(
            f"{made.url}/{made.lasting_path}/  {len(made.components)} components of snapshot "
            f"{made.number}"
        )
    for component, commits in differing.items():
        where = ", ".join(f"{distro} {short(commit)}" for distro, commit in commits.items())
        typer.echo(f"note: {component} is not the same commit everywhere: {where}")
    typer.echo(f"fixes: farm stable {name}")


def stable_command(
    name: Name,
    archive: options.Archive = None,
    keys: options.Keys = None,
    url: Url = None,
    as_json: options.Json = False,
) -> None:
    """Begin the channel stable-RELEASE, which takes a release's fixes, with the release's packages.

    Prints what is to be done for it: the branches of the components, and the text for
    components.yml. Can be called again.

    Example: farm stable 1.2
    """
    from repo_publish.releases import releases as all_releases
    from repo_publish.releases import start_stable
    from repo_publish.stable import channel_text, starts_of_branches

    directory = options.archive_directory(archive)
    released = [one for one in all_releases(directory) if one.release == name]
    address = url or (released[0].manifest.url if released else "")
    started = start_stable(directory, name, _stores(keys, address), sys.stderr)
    starts, text = starts_of_branches(released), channel_text(released)
    if as_json:
        print_json(
            {
                "published": [snapshot.model_dump(mode="json") for snapshot in started],
                "branches": [
                    {"git": s.git, "branch": s.branch, "commits": s.commits} for s in starts
                ],
                "components_yml": text,
            }
        )
        return
    for snapshot in started:
        typer.echo(f"{snapshot.channel}/{snapshot.distro} is published with the release's packages")
    typer.echo("\n1. A branch in each repository, where the release was made (in a clone of it):\n")
    for start in starts:
        typer.echo(f"    {start.command}")
        if len(start.commits) > 1:
            others = ", ".join(short(commit) for commit in start.commits)
            typer.echo(f"    # the release has {others} of it: take one that contains them all")
    typer.echo("\n2. In components.yml, below channels:, then `buildbot reconfig`:\n")
    typer.echo(text)


def _stores(keys: options.Keys, url: str) -> Stores:
    from repo_publish.keys import Keyring
    from repo_publish.publisher import Stores

    return Stores(None, Keyring(options.key_directory(keys)), url)


def _numbers(values: Sequence[str]) -> tuple[int | None, dict[str, int]]:
    default: int | None = None
    wanted: dict[str, int] = {}
    for value in values:
        distro, equals, number = value.rpartition("=")
        if not number.isdecimal() or (equals and not distro):
            raise FarmError(f"--from {value}: expected NUMBER or DISTRO=NUMBER")
        if equals:
            wanted[distro] = int(number)
        else:
            default = int(number)
    return default, wanted


def _rows(released: Sequence[Released]) -> list[dict[str, object]]:
    return [
        {
            "distro": one.distro,
            "url": f"{one.manifest.url}/{one.manifest.lasting_path}/",
            "snapshot": one.manifest.number,
            "components": {c.component: c.version for c in one.manifest.components},
        }
        for one in released
    ]
