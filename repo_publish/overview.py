"""Pages beside the snapshots, which change: all archives of a farm, all snapshots of a line.

They only repeat what the directories say, so they can be written again at any time.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from farm.errors import FarmError
from repo_publish.front_page import SHOWN_SNAPSHOTS, Surroundings
from repo_publish.held_back import HeldBack, held_back
from repo_publish.line import STATE, Line, lines
from repo_publish.qa.reports import Report, reports, verdicts
from repo_publish.rendering import render
from repo_publish.summary import Summary, newest_summaries, read_summary

PAGE = "index.html"
RELEASES = "releases"


def surroundings_of(line: Line) -> Surroundings:
    """What the front page of a line's next snapshot says of the others."""
    releases = releases_of(line.archive)
    return Surroundings(
        newest_summaries(line, SHOWN_SNAPSHOTS),
        [name for name, distros in releases.items() if line.distro in distros],
    )


def releases_of(archive: Path) -> dict[str, list[str]]:
    """Every release with the distros that it is for."""
    found: dict[str, list[str]] = {}
    for path in sorted((archive / RELEASES).glob("[!.]*/[!.]*")):
        if path.is_dir():
            found.setdefault(path.parent.name, []).append(path.name)
    return found


def write_overview(line: Line, log: TextIO | None = None) -> None:
    """Bring the page of all archives, and that of the line's snapshots, up to date.

    What is up to date already is not written. What is published does not depend on these pages:
    a failure is told to `log`, and the next call makes up for it.
    """
    try:
        _write_overview(line)
    except (OSError, FarmError) as error:
        print(f"warning: the pages of all archives are not up to date: {error}", file=log)


def _write_overview(line: Line) -> None:
    archive = line.archive
    with _lock(archive):
        held = {str(one): len(held_back(one)) for one in lines(archive)}
        page = archives_page(_live_summaries(archive), releases_of(archive), held)
        _write(archive / PAGE, page)
        everything = newest_summaries(line, len(line.numbers()))
        said = verdicts(reports(line))
        page = snapshots_page(str(line), line.live(), everything, held_back(line), said)
        _write(line.snapshots / PAGE, page)


def archives_page(
    live: Sequence[Summary],
    releases: Mapping[str, Sequence[str]],
    held_back: Mapping[str, int],
) -> str:
    """The page of all archives.

    :param live: the live snapshot of each line.
    :param releases: as `releases_of`.
    :param held_back: line to the number of components that it holds back.
    """
    titles = {summary.title for summary in live}
    return render(
        "archives.html.j2",
        title=titles.pop() if len(titles) == 1 else "Archives",
        live=live,
        releases=releases,
        held_back=held_back,
    )


def snapshots_page(
    line: str,
    live: int | None,
    snapshots: Sequence[Summary],
    held_back: Sequence[HeldBack],
    said: Mapping[int, Mapping[str, Report]],
) -> str:
    """The page of a line's snapshots, newest first, and of what it holds back now.

    :param said: what was reported of snapshots; see `repo_publish.qa.reports.verdicts`.
    """
    return render(
        "snapshots.html.j2",
        line=line,
        live=live,
        snapshots=snapshots,
        held_back=held_back,
        said=said,
    )


def _live_summaries(archive: Path) -> list[Summary]:
    found = []
    for line in lines(archive):
        # A line that is damaged is not listed; whoever publishes there is told what is wrong.
        with suppress(OSError, FarmError):
            found.append(read_summary(line.snapshot(line.live() or 0)))
    return found


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    if path.is_file() and path.read_text() == text:
        return
    fresh.write_text(text)
    fresh.rename(path)


@contextmanager
def _lock(archive: Path) -> Iterator[None]:
    """One writer at a time: of two, the later one has seen everything."""
    with (archive / STATE / "pages.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
