"""What all parts of the records have in common: one database, and memory that agrees with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from farm.records.database import Database, RecordsUnreachable
from farm.records.upgrade import check, prepare

S = TypeVar("S", bound="Store")
P = ParamSpec("P")
T = TypeVar("T")


def changes(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Marks a method of a `Store` that changes it by what is in memory, which is made to agree with
    the database first."""

    @wraps(method)
    def agreed(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        self.settle()
        try:
            return method(self, *args, **kwargs)
        finally:
            self.revision += 1

    return agreed


class Store:
    """Something kept in a database, and in memory as far as it is asked for often.

    :param url: of the database, as SQLAlchemy has them.
    :param clock: says the time.
    :param only_look: take the database as it is, and write nothing.
    :raises FarmError: the URL is not one of a database that the farm can use.
    :raises WrongRecords: another version of the farm has written it, or something else.
    :raises RecordsUnreachable: the database fails.
    """

    def __init__(
        self, url: str, clock: Callable[[], float] = time.time, *, only_look: bool = False
    ):
        self._clock = clock
        self.revision = 0
        """Another number after each change since the start."""
        self._database = Database(url, only_look=only_look)
        (check if only_look else prepare)(self._database)
        self._doubtful = False

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _load(self, connection: sa.Connection) -> None:
        """Make memory what the database has."""

    def _write(self, work: Callable[[sa.Connection], None]) -> None:
        """Change the database; memory is changed by the caller, after it."""
        try:
            self._database.write(work)
        except RecordsUnreachable as error:
            self._doubtful = error.doubtful
            raise

    def settle(self) -> None:
        """Read everything anew after a transaction that may have been committed or not."""
        if self._doubtful:
            self._database.read(self._load)
            self._doubtful = False

    def _run(self, *statements: sa.Executable) -> None:
        def work(connection: sa.Connection) -> None:
            for statement in statements:
                connection.execute(statement)

        self._write(work)


def columns(value: Any, table: sa.Table) -> dict[str, Any]:
    """A row as the table has it; what is not one of the table's columns is kept elsewhere."""
    return {one.name: getattr(value, one.name) for one in fields(value) if one.name in table.c}


def plain(text: str) -> str:
    """The text without the one character that PostgreSQL's texts cannot have."""
    return text.replace("\0", "")
