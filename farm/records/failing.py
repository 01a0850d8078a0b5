"""The records of why builds failed: what was found in the log of each attempt."""

from __future__ import annotations

import sqlalchemy as sa

from farm.failure.model import KeptFailure
from farm.records import tables
from farm.records.building import BuildRecords
from farm.records.database import upsert
from farm.records.writing import changes


class FailureRecords(BuildRecords):
    """What was found in the logs of failed attempts; read when somebody asks, and not held."""

    @changes
    def keep_failure(self, key: str, found: KeptFailure) -> None:
        """Record what the log of the newest attempt at a build says.

        :raises KeyError: there is no such build.
        """
        row = {
            "key": key,
            "number": self.builds[key].attempt,
            "found": found.model_dump(mode="json"),
        }
        self._write(lambda connection: upsert(connection, tables.failures, row))

    def failures_of(self, key: str) -> dict[int, KeptFailure]:
        """What was found of the attempts at a build, by their numbers; the newest comes last."""
        table = tables.failures
        query = sa.select(table).where(table.c.key == key).order_by(table.c.number)
        return {
            row["number"]: KeptFailure.model_validate(row["found"])
            for row in self._database.rows(query)
        }
