"""Buildbot's own database, set so that thousands of builders are no burden."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

from farm.site import Site

TRIED_AGAIN = "Lost connection"
"""What Buildbot looks for in an error to do a transaction again; MySQL says so."""


def database_settings(site: Site) -> dict[str, Any]:
    """The value of Buildbot's ``db`` key.

    By default Buildbot opens a connection to SQLite for every query; a pool of two with
    synchronous=NORMAL does ten times the builds (one alone deadlocks `upgrade-master`).
    """
    if site.database_url.startswith("sqlite"):
        _listen("connect", _normal_synchronous)
        options = {"poolclass": QueuePool, "pool_size": 2}
    else:
        _listen("handle_error", _name_lost_connections)
        options = {"pool_pre_ping": True}  # one that was lost while nobody used it is made anew
    return {"db_url": site.database_url, "engine_kwargs": options}


def _listen(event: str, listener: Any) -> None:
    # Buildbot makes the engine later, so the listener is for all of them.
    if not sa.event.contains(Engine, event, listener):
        sa.event.listen(Engine, event, listener)


def _normal_synchronous(connection: Any, _record: object) -> None:
    if "sqlite3" in type(connection).__module__:
        connection.execute("pragma synchronous=NORMAL")


def _name_lost_connections(context: sa.engine.ExceptionContext) -> None:
    error = context.sqlalchemy_exception
    if context.is_disconnect and error is not None and TRIED_AGAIN not in str(error.args[0]):
        error.args = (f"{TRIED_AGAIN}: {error.args[0]}", *error.args[1:])
