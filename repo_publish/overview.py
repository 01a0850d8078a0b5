"""Pages beside the snapshots, which change: all archives of a farm, all snapshots of a line.

They only repeat what the directories say, so they can be written again at any time.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from repo_publish.front_page import SHOWN_SNAPSHOTS, Surroundings
from repo_publish.line import STATE, Line, lines
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


def write_overview(line: Line) -> None:
    """Bring the page of all archives, and that of the line's snapshots, up to date.

    What is up to date already is not written.

    :raises PublishError: a snapshot is damaged.
    """
    with _lock(line.archive):
        archive = line.archive
        _write(archive / PAGE, archives_page(_live_summaries(archive), releases_of(archive)))
        everything = newest_summaries(line, len(line.numbers()))
        _write(line.snapshots / PAGE, snapshots_page(str(line), line.live(), everything))


def archives_page(live: Sequence[Summary], releases: Mapping[str, Sequence[str]]) -> str:
    """The page of all archives.

    :param live: the live snapshot of each line.
    :param releases: as `releases_of`.
    """
    titles = {summary.title for summary in live}
    title = titles.pop() if len(titles) == 1 else "Archives"
    return render("archives.html.j2", title=title, live=live, releases=releases)


def snapshots_page(line: str, live: int | None, snapshots: Sequence[Summary]) -> str:
    """The page of a line's snapshots, newest first."""
    return render("snapshots.html.j2", line=line, live=live, snapshots=snapshots)


def _live_summaries(archive: Path) -> list[Summary]:
    return [read_summary(line.link.resolve()) for line in lines(archive)]


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
