"""The snapshot of a line that clients see when a publication begins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repo_publish.errors import PublishError
from repo_publish.line import Line
from repo_publish.manifest import Manifest, load_manifest

_SHOWN = 10


@dataclass(frozen=True)
class Kept:
    """A snapshot on disk: what it says of itself, and where its files are."""

    manifest: Manifest
    tree: Path


@dataclass(frozen=True)
class Live(Kept):
    """The live snapshot, which the next one starts from."""

    database: Path
    """reprepro's, which belongs to this snapshot; may be missing."""


def live_of(line: Line) -> Live | None:
    """The live snapshot of a line; None before its first publication.

    :raises PublishError: the live link or the snapshot is damaged.
    """
    number = line.live()
    if number is None:
        return None
    tree = line.snapshot(number)
    return Live(load_manifest(tree), tree, line.database(number))


def kept(line: Line, number: int) -> Kept:
    """An earlier (or the live) snapshot of a line.

    :raises PublishError: there is none of that number, or it is damaged.
    """
    numbers = line.numbers()
    if number not in numbers:
        known = f"; the newest are {', '.join(map(str, numbers[-_SHOWN:]))}" if numbers else ""
        raise PublishError(f"{line}: there is no snapshot {number}{known}")
    tree = line.snapshot(number)
    return Kept(load_manifest(tree), tree)
