"""Rows of steps and builds, read by the statement that changes them.

Buildbot reads each row again after each change, to tell of it: two dozen times a build. So does
this where threads write: on PostgreSQL, and when SQLite was locked.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from buildbot.db.base import DBConnectorComponent
from buildbot.db.builds import BuildModel, BuildsConnectorComponent
from buildbot.db.steps import StepModel, StepsConnectorComponent
from twisted.internet import defer

_get_step = StepsConnectorComponent.getStep
_add_url = StepsConnectorComponent.addURL
_get_build = BuildsConnectorComponent.getBuild
_add_locks_duration = BuildsConnectorComponent.add_build_locks_duration


def read_what_is_changed() -> None:
    """Make Buildbot do so. Doing it again changes nothing."""
    if sqlite3.sqlite_version_info < (3, 35):
        return  # It has no RETURNING.
    for kind, methods in METHODS.items():
        for name, method in methods.items():
            setattr(kind, name, method)


def _rows(self: DBConnectorComponent) -> dict[int, Any]:
    """Those that were changed and not asked for since, by id."""
    rows: dict[int, Any] = self.__dict__.setdefault("changed_rows", {})
    return rows


def _change_row(
    self: DBConnectorComponent, table: sa.Table, row_id: int, **values: Any
) -> defer.Deferred[None]:
    change = _statement(table, tuple(values))

    def write(connection: sa.engine.Connection) -> Any:
        row = connection.execute(change, {"row_id": row_id, **values}).fetchone()
        # What threads read may arrive in another order than they wrote.
        return row if threading.current_thread() is threading.main_thread() else None

    def keep(row: Any) -> None:
        if row is None:
            _rows(self).pop(row_id, None)
        else:
            _rows(self)[row_id] = self._model_from_row(row)

    return self.db.pool.do_with_transaction(write).addCallback(keep)


@lru_cache
def _statement(table: sa.Table, names: tuple[str, ...]) -> Any:
    values = {name: sa.bindparam(name) for name in names}
    change = table.update().where(table.c.id == sa.bindparam("row_id")).values(values)
    return change.returning(*table.c)


def _start_step(
    self: StepsConnectorComponent, stepid: int, started_at: int, locks_acquired: bool
) -> defer.Deferred[None]:
    values = {"started_at": started_at}
    if locks_acquired:
        values["locks_acquired_at"] = started_at
    return _change_row(self, self.db.model.steps, stepid, **values)


def _locks_acquired(
    self: StepsConnectorComponent, stepid: int, locks_acquired_at: int
) -> defer.Deferred[None]:
    return _change_row(self, self.db.model.steps, stepid, locks_acquired_at=locks_acquired_at)


def _set_step_state(
    self: StepsConnectorComponent, stepid: int, state_string: str
) -> defer.Deferred[None]:
    return _change_row(self, self.db.model.steps, stepid, state_string=state_string)


def _finish_step(
    self: StepsConnectorComponent, stepid: int, results: int, hidden: bool
) -> defer.Deferred[None]:
    return _change_row(
        self,
        self.db.model.steps,
        stepid,
        complete_at=int(self.master.reactor.seconds()),
        results=results,
        hidden=1 if hidden else 0,
    )


def _set_build_state(
    self: BuildsConnectorComponent, buildid: int, state_string: str
) -> defer.Deferred[None]:
    return _change_row(self, self.db.model.builds, buildid, state_string=state_string)


def _finish_build(
    self: BuildsConnectorComponent, buildid: int, results: int
) -> defer.Deferred[None]:
    complete_at = int(self.master.reactor.seconds())
    return _change_row(
        self, self.db.model.builds, buildid, complete_at=complete_at, results=results
    )


def _changed_step(
    self: StepsConnectorComponent, stepid: int | None = None, **others: Any
) -> defer.Deferred[StepModel | None]:
    if stepid is not None and (row := _rows(self).pop(stepid, None)) is not None:
        return defer.succeed(row)
    return _get_step(self, stepid, **others)


def _changed_build(
    self: BuildsConnectorComponent, buildid: int
) -> defer.Deferred[BuildModel | None]:
    if (row := _rows(self).pop(buildid, None)) is not None:
        return defer.succeed(row)
    return _get_build(self, buildid)


def _add_url_and_forget(
    self: StepsConnectorComponent, stepid: int, name: str, url: str, **others: Any
) -> defer.Deferred[None]:
    return _forget(self, stepid, _add_url(self, stepid, name, url, **others))


def _add_and_forget(
    self: BuildsConnectorComponent, buildid: int, duration_s: int
) -> defer.Deferred[None]:
    return _forget(self, buildid, _add_locks_duration(self, buildid, duration_s))


def _forget(
    self: DBConnectorComponent, row_id: int, change: defer.Deferred[None]
) -> defer.Deferred[None]:
    """What was read before a change that reads nothing is old when it is done."""

    def forget(result: Any) -> Any:
        _rows(self).pop(row_id, None)
        return result

    return change.addBoth(forget)


METHODS: dict[type[DBConnectorComponent], dict[str, Callable[..., Any]]] = {
    StepsConnectorComponent: {
        "addURL": _add_url_and_forget,
        "finishStep": _finish_step,
        "getStep": _changed_step,
        "setStepStateString": _set_step_state,
        "set_step_locks_acquired_at": _locks_acquired,
        "startStep": _start_step,
    },
    BuildsConnectorComponent: {
        "add_build_locks_duration": _add_and_forget,
        "finishBuild": _finish_build,
        "getBuild": _changed_build,
        "setBuildStateString": _set_build_state,
    },
}
"""What takes the place of Buildbot's own."""
