"""Options that the commands of `farm archive` share; a site file gives their defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.errors import FarmError

if TYPE_CHECKING:
    from farm.site import Site
    from repo_publish.line import Line

Archive = Annotated[
    Path | None,
    typer.Option(
        "--archive",
        metavar="DIR",
        help="The directory that is served. Default: the one of the site that FARM_SITE names.",
    ),
]
Pool = Annotated[
    Path | None,
    typer.Option("--pool", metavar="DIR", help="The farm's store of builds. Default: the site's."),
]
Keys = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        metavar="DIR",
        help="GnuPG home of the signing key; made on first use. Default: the site's.",
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", help="Address at which the archive directory is served. Default: the site's."
    ),
]
Cache = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        metavar="DIR",
        envvar="FARM_CACHE",
        help="Where the distributions' indices are kept. Default: in the archive's own state.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
LineName = Annotated[
    str, typer.Argument(metavar="CHANNEL/DISTRO", help="Such as development/bookworm.")
]


def archive_directory(given: Path | None) -> Path:
    """The archive that a command works on.

    :raises FarmError: neither the option nor a site names one.
    """
    return given or _site("--archive").state / "archive"


def pool_directory(given: Path | None) -> Path:
    """The pool; as `archive_directory`."""
    return given or _site("--pool").state / "pool"


def key_directory(given: Path | None) -> Path:
    """The directory of the signing keys; as `archive_directory`."""
    return given or _site("--keys").state / "keys"


def base_url(given: str | None) -> str:
    """The address of the archive; as `archive_directory`."""
    return given or _site("--url").archive.public_url.rstrip("/")


def named_line(archive: Path, name: str) -> Line:
    """The line that an argument names.

    :raises PublishError: it is not ``channel/distro``.
    """
    from repo_publish.line import line_of

    channel, _, distro = name.partition("/")
    return line_of(archive.absolute(), channel, distro)


def named_tree(archive: Path, name: str, number: int | None = None) -> Path:
    """The snapshot of a line (default: the live one), or the release, that an argument names.

    :raises PublishError: there is none.
    """
    from repo_publish.errors import PublishError
    from repo_publish.line import RELEASES
    from repo_publish.releases import releases

    if name.startswith(f"{RELEASES}/"):
        there = {f"{RELEASES}/{one.release}/{one.distro}": one.tree for one in releases(archive)}
        if name not in there:
            raise PublishError(f"there is no {name}; there are {', '.join(there) or 'none'}")
        return there[name].absolute()
    line = named_line(archive, name)
    wanted = line.live() if number is None else number
    if wanted is None:
        raise PublishError(f"{name}: nothing is published in {archive} yet")
    return line.snapshot(wanted)


def _site(option: str) -> Site:
    # Reading a site file takes half a second of imports, which the farm's own calls do not need.
    from farm.site import SITE_VARIABLE, load_site

    path = Path(os.environ.get(SITE_VARIABLE, "site.yml"))
    if not path.exists():
        raise FarmError(f"expected {option}, or the site file in {SITE_VARIABLE}")
    return load_site(path)
