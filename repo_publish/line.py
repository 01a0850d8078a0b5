"""A line's place on disk: snapshots, the live link, the lock, the leftovers of a killed run."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pydantic import TypeAdapter, ValidationError

from farm.model.names import ChannelName, DistroName
from repo_publish.disposal import TRASH
from repo_publish.errors import PublishError
from repo_publish.files import sync_file, write_durably

SNAPSHOTS = "snapshots"
STATE = ".state"
RELEASES = "releases"
QA = "qa"
RESERVED_CHANNELS = frozenset({SNAPSHOTS, RELEASES, QA})
"""Names that mean something else at the top of an archive."""
KEPT_SNAPSHOTS = 5
"""So many earlier snapshots' indices and packages stay reachable in a new one, for clients that
began with them."""

_SCRATCH = "scratch-"
_DATABASE = "db-"
_channel = TypeAdapter(ChannelName)
_distro = TypeAdapter(DistroName)


@dataclass(frozen=True)
class Line:
    """One channel on one distro, in an archive directory. Make it with `line_of`."""

    archive: Path
    channel: str
    distro: str

    def __str__(self) -> str:
        return f"{self.channel}/{self.distro}"

    @property
    def link(self) -> Path:
        """The symbolic link that clients follow to the live snapshot."""
        return self.archive / self.channel / self.distro

    @property
    def snapshots(self) -> Path:
        """The directory of the line's snapshots."""
        return self.archive / SNAPSHOTS / self.channel / self.distro

    @property
    def state(self) -> Path:
        """What the publisher keeps for itself; never served."""
        return self.archive / STATE / self.channel / self.distro

    @property
    def _flipping(self) -> Path:
        """Names the snapshot that is being made live, while it is."""
        return self.state / "flipping"

    def snapshot(self, number: int) -> Path:
        """The tree of one snapshot."""
        return self.snapshots / str(number)

    def database(self, number: int) -> Path:
        """reprepro's database as it was for one snapshot."""
        return self.state / f"{_DATABASE}{number}"

    def live(self) -> int | None:
        """The number of the live snapshot; None before the first publication.

        :raises PublishError: the link is not one that the publisher made.
        """
        try:
            target = str(self.link.readlink())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PublishError(f"{self.link} is not a link to a snapshot") from error
        base, _, number = target.rpartition("/")
        if base != f"../{SNAPSHOTS}/{self.channel}/{self.distro}" or not number.isdecimal():
            raise PublishError(f"{self.link} points to {target}, which is not a snapshot of {self}")
        return int(number)

    def numbers(self) -> list[int]:
        """All snapshots there are, oldest first."""
        if not self.snapshots.is_dir():
            return []
        return sorted(int(p.name) for p in self.snapshots.iterdir() if p.name.isdecimal())

    @contextmanager
    def lock(self, log: TextIO) -> Iterator[None]:
        """Be the line's only publisher; the kernel lets go when this process dies."""
        self.state.mkdir(parents=True, exist_ok=True)
        with (self.state / "lock").open("a") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"{self}: waiting for another publisher", file=log)
                fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A directory on the archive's file system, removed at the end.

        Every run has its own: a tool that outlived a killed publisher cannot write into it.
        """
        path = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=self.state))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a killed run left behind. Needs the lock.

        :raises PublishError: snapshots newer than the live one that no killed run explains.
        """
        live = self.live() or 0
        if self._flipping.exists():
            unfinished = self._flipping.read_text().strip()
            if unfinished.isdecimal() and int(unfinished) > live:
                shutil.rmtree(self.snapshot(int(unfinished)), ignore_errors=True)
            self._flipping.unlink()
        self._new_link.unlink(missing_ok=True)
        for leftover in self.state.iterdir():
            old_database = leftover.name.startswith(_DATABASE) and leftover != self.database(live)
            if leftover.name.startswith((_SCRATCH, TRASH)) or old_database:
                shutil.rmtree(leftover, ignore_errors=True)
        newer = [number for number in self.numbers() if number > live]
        if newer:
            raise PublishError(
                f"{self}: the live snapshot is {live or 'missing'}, but there is a newer one, "
                f"{newer[-1]}: point {self.link} to it, or move it away"
            )

    def flip(self, tree: Path, number: int, database: Path | None) -> None:
        """Make a finished, durable tree the live snapshot: three renames, the last one counts.

        Call `sweep` afterwards: it removes what a kill between any two of them leaves, too.
        """
        self.snapshots.mkdir(parents=True, exist_ok=True)
        self.link.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._flipping, f"{number}\n")
        if database is not None:
            database.rename(self.database(number))
        tree.rename(self.snapshot(number))
        sync_file(self.state)
        sync_file(self.snapshots)
        self._new_link.symlink_to(f"../{SNAPSHOTS}/{self.channel}/{self.distro}/{number}")
        self._new_link.rename(self.link)
        sync_file(self.link.parent)

    @property
    def _new_link(self) -> Path:
        return self.link.with_name(f".{self.distro}.new")


def line_of(archive: Path, channel: str, distro: str) -> Line:
    """The line of that channel and distro, both names checked: they become paths and URLs.

    :raises PublishError: a name is not one that components.yml would allow.
    """
    try:
        _channel.validate_python(channel)
        _distro.validate_python(distro)
    except ValidationError as error:
        raise PublishError(f"{channel}/{distro} is not a line: bad channel or distro") from error
    if channel in RESERVED_CHANNELS:
        raise PublishError(f"a channel cannot be called {channel}")
    return Line(archive, channel, distro)


@contextmanager
def archive_lock(archive: Path, *, exclusive: bool) -> Iterator[None]:
    """Keep snapshots from being removed while something is made of them.

    Taken before any line's lock: shared by who reads another line's snapshots, exclusively by who
    removes some.
    """
    state = archive / STATE
    state.mkdir(parents=True, exist_ok=True)
    with (state / "archive.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield


def lines(archive: Path) -> list[Line]:
    """Every line with a live snapshot, in the order of their names."""
    links = sorted(path for path in archive.glob("*/*") if path.is_symlink())
    return [
        Line(archive, link.parent.name, link.name)
        for link in links
        if not link.name.startswith(".") and not link.parent.name.startswith(".")
    ]
