"""Pages beside the snapshots, which change: all archives of a farm, all snapshots of a line.

They only repeat what the directories say, so they can be written again at any time.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
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
    return Surroundings(newest_summaries(line, SHOWN_SNAPSHOTS), releases_for(line))


def releases_for(line: Line) -> tuple[str, ...]:
    """Names of the releases for the line's distro."""
    found = sorted((line.archive / RELEASES).glob(f"[!.]*/{line.distro}"))
    return tuple(path.parent.name for path in found)


def write_overview(line: Line) -> None:
    """Bring the page of all archives, and that of the line's snapshots, up to date.

    What is up to date already is not written.

    :raises PublishError: a snapshot is damaged.
    """
    with _lock(line.archive):
        _write(line.archive / PAGE, archives_page(_live_summaries(line.archive)))
        everything = newest_summaries(line, len(line.numbers()))
        _write(line.snapshots / PAGE, snapshots_page(str(line), line.live(), everything))


def archives_page(live: Sequence[Summary]) -> str:
    """The page of all archives; `live` are their live snapshots."""
    titles = {summary.title for summary in live}
    return render(
        "archives.html.j2", title=titles.pop() if len(titles) == 1 else "Archives", live=live
    )


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
