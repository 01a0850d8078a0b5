"""File names that a line has used in snapshots that are gone: they stay used for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from repo_publish.line import Line
from repo_publish.manifest import ManifestFile

FILE = "names.sqlite"


def remember_names(line: Line, files: Iterable[ManifestFile]) -> None:
    """Write down which bytes these names stood for; durable when this returns."""
    with _database(line) as database:
        database.execute("create table if not exists names (path text primary key, sha256 text)")
        database.executemany(
            "insert or ignore into names values (?, ?)", [(f.path, f.sha256) for f in files]
        )
        database.commit()


def remembered(line: Line, paths: Iterable[str]) -> dict[str, str]:
    """Path to SHA256, of those among `paths` that only snapshots which are gone had."""
    if not (line.state / FILE).exists():
        return {}
    found: dict[str, str] = {}
    with _database(line) as database:
        for path in paths:
            row = database.execute("select sha256 from names where path = ?", [path]).fetchone()
            if row:
                found[path] = row[0]
    return found


@contextmanager
def _database(line: Line) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(line.state / FILE)) as database:
        database.execute("pragma synchronous=full")
        yield database
