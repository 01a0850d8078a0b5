"""Buildbot's short transactions on SQLite, done at once instead of by a thread.

A build is some 180 transactions of a few rows. Handing one to a thread and its result back costs
as much as the transaction itself, and there is no network to wait for. Whatever may read or write
many rows (lists, logs as a whole) stays with the threads, and so does everything on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from buildbot.db.buildrequests import BuildRequestsConnectorComponent
from buildbot.db.pool import DBThreadPool
from twisted.internet import defer
from twisted.python.failure import Failure

BUSY_MS = 50
"""How long the master waits for another's write before a thread waits in its place."""
SHORT = frozenset(
    {
        "BuildProperties.write",
        "BuildRequestsConnectorComponent._claim_buildrequests_for_master",
        "BuildRequestsConnectorComponent.completeBuildRequests",
        "BuildRequestsConnectorComponent.getBuildRequest",
        "BuildersConnectorComponent.addBuilderMaster",
        "BuildersConnectorComponent.removeBuilderMaster",
        "BuildersConnectorComponent.updateBuilderInfo",
        "BuildsConnectorComponent._getBuild",
        "BuildsConnectorComponent.addBuild",
        "BuildsConnectorComponent.finishBuild",
        "BuildsConnectorComponent.getBuildProperties",
        "BuildsConnectorComponent.setBuildStateString",
        "BuildsetsConnectorComponent.addBuildset",
        "BuildsetsConnectorComponent.completeBuildset",
        "BuildsetsConnectorComponent.getBuildset",
        "BuildsetsConnectorComponent.getBuildsetProperties",
        "ChangesConnectorComponent.getChangeFromSSid",
        "DBConnectorComponent.findOrCreateSomethingId",
        "DBConnectorComponent.findSomethingId",
        "LogsConnectorComponent._getLog",
        "LogsConnectorComponent.addLog",
        "LogsConnectorComponent.appendLog",
        "LogsConnectorComponent.finishLog",
        "SourceStampsConnectorComponent.findOrCreateId",
        "SourceStampsConnectorComponent.getSourceStamp",
        "StepsConnectorComponent.addStep",
        "StepsConnectorComponent.finishStep",
        "StepsConnectorComponent.getStep",
        "StepsConnectorComponent.setStepStateString",
        "StepsConnectorComponent.set_step_locks_acquired_at",
        "StepsConnectorComponent.startStep",
        "_append_at_once",
        "_change_row",
        "_get_builder",
    }
)
"""What is done at once, by class and method."""

_get_requests = BuildRequestsConnectorComponent.getBuildRequests
_in_a_thread = DBThreadPool.do
_stop = DBThreadPool.stop


def do_short_at_once() -> None:
    """Make Buildbot do so. Doing it again changes nothing."""
    BuildRequestsConnectorComponent.getBuildRequests = _get_few_requests
    DBThreadPool.do = _do
    DBThreadPool.stop = _close_and_stop


def is_short(transaction: Callable[..., Any]) -> bool:
    """Whether a function that Buildbot calls with a connection is in `SHORT`."""
    # A partial has no name.
    return getattr(transaction, "__qualname__", "").partition(".<locals>")[0] in SHORT


def _do(
    self: DBThreadPool, transaction: Callable[..., Any], *args: Any, **kwargs: Any
) -> defer.Deferred[Any]:
    # Buildbot wraps some, and gives the real one along.
    own = args[0] if args and callable(args[0]) else transaction
    short = self.__dict__.get("next_is_short") or is_short(own)
    if self.engine.dialect.name != "sqlite" or not short:
        return _in_a_thread(self, transaction, *args, **kwargs)
    connection = _connection(self)
    result: defer.Deferred[Any] = defer.Deferred()
    try:
        value = transaction(connection, *args, **kwargs)
    except sa.exc.OperationalError:
        # Locked, mostly: in a thread it is tried again, and nobody waits for it.
        return _in_a_thread(self, transaction, *args, **kwargs)
    except Exception:
        self.reactor.callLater(0, result.errback, Failure())
    else:
        # Later, as from a thread: who asked has not returned to the reactor yet.
        self.reactor.callLater(0, result.callback, value)
    finally:
        connection.rollback()
    return result


def _get_few_requests(
    self: BuildRequestsConnectorComponent, *args: Any, **asked: Any
) -> defer.Deferred[Any]:
    """Those of a buildset, or those of a builder that wait, are few; others may be all."""
    few = asked.get("bsid") is not None or (
        asked.get("builderid") is not None and asked.get("claimed") is False
    )
    self.db.pool.__dict__["next_is_short"] = few
    try:
        return _get_requests(self, *args, **asked)
    finally:
        self.db.pool.__dict__["next_is_short"] = False


def _connection(pool: DBThreadPool) -> sa.engine.Connection:
    """The connection of the reactor's own thread."""
    known: sa.engine.Connection | None = pool.__dict__.get("short_connection")
    if known is None or known.invalidated or known.closed:
        known = pool.engine.connect()
        known.exec_driver_sql(f"pragma busy_timeout={BUSY_MS}")
        known.rollback()
        pool.__dict__["short_connection"] = known
    return known


def _close_and_stop(self: DBThreadPool) -> defer.Deferred[None]:
    known = self.__dict__.pop("short_connection", None)
    if known is not None:
        known.close()
    return _stop(self)
