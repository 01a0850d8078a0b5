"""Rows by their key, read from the database when they are asked for, the last used ones kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from farm.records.database import Database

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

AT_ONCE = 500
"""Keys in one query."""


class Kept(Generic[K, V]):
    """The last used values of something, at most `most` of them.

    :param load: reads a value that is not there.
    """

    def __init__(self, most: int, load: Callable[[K], V]):
        self._most = most
        self._load = load
        self._values: OrderedDict[K, V] = OrderedDict()

    def __getitem__(self, key: K) -> V:
        try:
            value = self._values[key]
        except KeyError:
            value = self._load(key)
            self[key] = value
        else:
            self._values.move_to_end(key)
        return value

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def __setitem__(self, key: K, value: V) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def get(self, key: K) -> V | None:
        """The value if it is held."""
        return self._values.get(key)

    def drop(self, key: K) -> None:
        """Forget one."""
        self._values.pop(key, None)

    def clear(self) -> None:
        """Forget all of them."""
        self._values.clear()


class KnownKeys:
    """Which keys a table may have: what is certainly new needs no query.

    Only hashes are held, so that hundreds of thousands of keys take little memory.
    """

    def __init__(self, database: Database, key: sa.Column[str]):
        self._database = database
        self._key = key
        self._hashes: set[int] | None = None

    def __contains__(self, key: str) -> bool:
        if self._hashes is None:
            rows = self._database.rows(sa.select(self._key))
            self._hashes = {hash(row[self._key.name]) for row in rows}
        return hash(key) in self._hashes

    def add(self, key: str) -> None:
        """The table has one more."""
        if self._hashes is not None:
            self._hashes.add(hash(key))

    def clear(self) -> None:
        """Read the table anew when it is asked for."""
        self._hashes = None


class Lookup(Mapping[str, V]):
    """The rows that a query gives, by key. Iterating goes through the database.

    :param found: the rows; `key` is the column of their keys.
    :param decode: makes the value of a row.
    :param kept: so many values stay in memory. That a key has none is kept as well.
    :param known: keys that there may be; others are not looked for. Default: any.
    """

    def __init__(
        self,
        database: Database,
        found: sa.Select[Any],
        key: sa.Column[str],
        decode: Callable[[sa.RowMapping], V],
        kept: int,
        known: KnownKeys | None = None,
    ):
        self._database = database
        self._found = found
        self._one = found.where(key == sa.bindparam("wanted"))
        self._key = key
        self._decode = decode
        self._known = known
        self._kept: Kept[str, V | None] = Kept(kept, self._read)

    def _read(self, key: str) -> V | None:
        if self._known is not None and key not in self._known:
            return None
        rows = self._database.rows(self._one, wanted=key)
        return self._decode(rows[0]) if rows else None

    def __getitem__(self, key: str) -> V:
        value = self._kept[key]
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._kept[key] is not None

    def __iter__(self) -> Iterator[str]:
        query = self._found.with_only_columns(self._key).order_by(self._key)
        yield from (row[self._key.name] for row in self._database.rows(query))

    def __len__(self) -> int:
        query = self._found.with_only_columns(sa.func.count(self._key).label("count"))
        return int(self._database.rows(query)[0]["count"])

    def remember(self, key: str, value: V | None) -> None:
        """Take in what was written; None: the key has no row here now."""
        self._kept[key] = value

    def warm(self, keys: Iterable[str]) -> None:
        """Read many rows at once: it takes a tenth of the time."""
        left = [key for key in keys if key not in self._kept]
        for start in range(0, len(left), AT_ONCE):
            query = self._found.where(self._key.in_(left[start : start + AT_ONCE]))
            self.take(self._database.rows(query))

    def take(self, rows: Iterable[sa.RowMapping]) -> list[V]:
        """The values of rows that another query found: what is held where it is."""
        values = []
        for row in rows:
            key = row[self._key.name]
            value = self._kept.get(key)
            if value is None:
                value = self._kept[key] = self._decode(row)
            values.append(value)
        return values

    def forget(self) -> None:
        """Hold nothing in memory."""
        self._kept.clear()
