"""A build's properties, written in one transaction.

Buildbot 4.3 writes each of some twenty with one of its own, after it has read all of them, four
times a build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa
from buildbot.util.service import BuildbotService
from buildbot.util.twisted import async_to_deferred

REMEMBERED = 500
"""Builds; one that is forgotten while it runs has all its properties written again."""
Known = Mapping[str, tuple[Any, str]]
"""Value and source by name."""


class BuildProperties(BuildbotService):
    """Takes the place of Buildbot's own update method."""

    name: ClassVar[str] = "build properties"

    @async_to_deferred
    async def reconfigService(self) -> None:
        """Take it."""
        self._written: dict[int, Known] = {}
        self.master.data.updates.setBuildProperties = self.write

    @async_to_deferred
    async def write(self, buildid: int, build: Any) -> None:
        """Write those properties of a build that changed since they were last written.

        :param build: Buildbot's build, or another holder of properties.
        """
        properties = build.getProperties()
        now: Known = properties.asDict()
        if not all(_is_plain(value) for value, _source in now.values()):
            now = await properties.render(now)
        changed = changes(self._written.get(buildid, {}), now)
        if not changed:
            return
        table = self.master.db.model.build_properties
        rows = [
            {"buildid": buildid, "name": name, "value": json.dumps(value), "source": source}
            for name, (value, source) in changed.items()
        ]

        def replace(connection: sa.engine.Connection) -> None:
            older = (table.c.buildid == buildid) & table.c.name.in_(list(changed))
            connection.execute(sa.delete(table).where(older))
            connection.execute(sa.insert(table), rows)

        await self.master.db.pool.do_with_transaction(replace)
        self._written.pop(buildid, None)
        self._written[buildid] = dict(now)
        if len(self._written) > REMEMBERED:
            del self._written[next(iter(self._written))]
        self.master.mq.produce(("builds", str(buildid), "properties", "update"), changed)


def changes(before: Known, now: Known) -> dict[str, tuple[Any, str]]:
    """Those of `now` that are new or differ. Pure."""
    return {name: tuple(pair) for name, pair in now.items() if before.get(name) != pair}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)
