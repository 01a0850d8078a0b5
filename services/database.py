"""Buildbot's own database, set so that thousands of builders are no burden."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

from farm.site import Site


def database_settings(site: Site) -> dict[str, Any]:
    """The value of Buildbot's ``db`` key.

    By default Buildbot opens a connection to SQLite for every query; a pool of two with
    synchronous=NORMAL does ten times the builds (one alone deadlocks `upgrade-master`).
    """
    if not site.database_url.startswith("sqlite"):
        return {"db_url": site.database_url}
    if not sa.event.contains(Engine, "connect", _normal_synchronous):
        sa.event.listen(Engine, "connect", _normal_synchronous)
    return {
        "db_url": site.database_url,
        "engine_kwargs": {"poolclass": QueuePool, "pool_size": 2},
    }


def _normal_synchronous(connection: Any, _record: object) -> None:
    if "sqlite3" in type(connection).__module__:
        connection.execute("pragma synchronous=NORMAL")
