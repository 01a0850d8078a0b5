"""The database under the records: transactions that survive a lost connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from farm.errors import FarmError, InfrastructureError

T = TypeVar("T")

RETRY_AFTER_S = (0.0, 0.2, 1.0)
"""Pauses after which a transaction that the database broke off is tried again."""
BUSY_S = 30
"""Seconds that SQLite waits for another process that writes."""

_WRITES = "farm_writes"
_OPTIONS: dict[str, dict[str, Any]] = {
    "sqlite": {"connect_args": {"timeout": BUSY_S}},
    "postgresql": {"pool_pre_ping": True},
}
_INSERTS: dict[str, Callable[[sa.Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


class RecordsUnreachable(InfrastructureError):
    """The database of the records does not do its work."""

    def __init__(self, url: sa.URL, error: Exception, *, doubtful: bool = False):
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()
        where = url.render_as_string(hide_password=True)
        super().__init__(f"cannot use the farm's records at {where}: {(cause or ['?'])[0]}")
        self.doubtful = doubtful
        """The connection was lost in the moment of a commit: it may have been done."""


class Database:
    """An SQLite or PostgreSQL database.

    :param url: as SQLAlchemy has them.
    :param only_look: refuse to write.
    :raises FarmError: the URL is none, of another kind of database, or its driver is missing.
    """

    def __init__(self, url: str, *, only_look: bool = False):
        try:
            self.url = sa.make_url(url)
            kind = self.url.get_backend_name()
            if kind not in _OPTIONS:
                raise FarmError(f"records: expected sqlite or postgresql, found {kind}")
            self.engine = sa.create_engine(self.url, **_OPTIONS[kind])
        except sa.exc.ArgumentError as error:
            raise FarmError(f"records: {error}") from error
        except ModuleNotFoundError as error:
            raise FarmError(
                f"records: the database driver {error.name} is not installed; "
                "the farm's extra 'postgresql' brings psycopg2"
            ) from error
        if kind == "sqlite":
            prepare = _prepare_to_look if only_look else _prepare_sqlite
            sa.event.listen(self.engine, "connect", prepare)
            sa.event.listen(self.engine, "begin", _begin_sqlite)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` reads, all of it at one moment.

        :raises RecordsUnreachable: the database fails at it again and again.
        """
        return self._do(work, writes=False)

    def rows(self, query: sa.Select[Any], **values: Any) -> Sequence[sa.RowMapping]:
        """The rows of a query, with values for its parameters.

        :raises RecordsUnreachable: the database fails at it again and again.
        """
        return self.read(lambda connection: connection.execute(query, values).mappings().all())

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Do `work` in one transaction: all of it or nothing.

        It is done again when the connection is lost, even if the lost transaction may have been
        committed: what it writes must come out the same the second time.

        :raises RecordsUnreachable: the database fails at it again and again.
        """
        return self._do(work, writes=True)

    def _do(self, work: Callable[[sa.Connection], T], *, writes: bool) -> T:
        options: dict[str, Any] = {_WRITES: writes}
        if not writes and self.engine.dialect.name == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"  # SQLite sees one state in any case
        pauses = iter(RETRY_AFTER_S)
        doubtful = False
        while True:
            committing = False
            try:
                with self.engine.connect().execution_options(**options) as connection:
                    result = work(connection)
                    if writes:
                        committing = True
                        connection.commit()
                    return result
            except sa.exc.DBAPIError as error:
                doubtful = doubtful or committing
                pause = next(pauses, None) if _passes(error) else None
                if pause is None:
                    raise RecordsUnreachable(self.url, error, doubtful=doubtful) from error
                time.sleep(pause)


def _passes(error: sa.exc.DBAPIError) -> bool:
    """Whether a fault lies in the connection or the moment, not in what was asked."""
    kinds = (sa.exc.OperationalError, sa.exc.InterfaceError)
    return error.connection_invalidated or isinstance(error, kinds)


def upsert(connection: sa.Connection, table: sa.Table, *rows: Mapping[str, Any]) -> None:
    """Insert rows, each in place of the one with the same primary key."""
    insert = _INSERTS[connection.dialect.name](table)
    keys = [column.name for column in table.primary_key.columns]
    others = {
        column.name: insert.excluded[column.name] for column in table.c if column.name not in keys
    }
    if rows:
        connection.execute(
            insert.on_conflict_do_update(index_elements=keys, set_=others), [dict(r) for r in rows]
        )


def insert_new(connection: sa.Connection, table: sa.Table, *rows: Mapping[str, Any]) -> None:
    """Insert rows but for those that are there, by any of the table's unique keys."""
    if rows:
        insert = _INSERTS[connection.dialect.name](table)
        connection.execute(insert.on_conflict_do_nothing(), [dict(row) for row in rows])


def same(table: sa.Table, row: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    """Whether a row of the table has the primary key of this one."""
    return sa.and_(*(column == row[column.name] for column in table.primary_key.columns))


def same_place(table: sa.Table, place: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether a row of the table is of this channel, or line, or component on a line."""
    names = ("channel", "distro", "component")
    return sa.and_(*(table.c[name] == value for name, value in zip(names, place, strict=False)))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # SQLAlchemy, not the driver, begins transactions: else those that change tables are none.
    connection.isolation_level = None
    # WAL with NORMAL loses nothing when the process is killed, syncs far less, and lets others
    # read while the farm writes.
    connection.execute("pragma journal_mode=WAL")
    connection.execute("pragma synchronous=NORMAL")


def _prepare_to_look(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("pragma query_only=ON")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer says so at once: one that has read before is refused where it should wait.
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
