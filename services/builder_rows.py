"""Buildbot's row of one builder, read without the tags of all the others.

Buildbot 4.3 reads every tag of every builder to answer for one, at a start once for each: with
thousands of builders that are minutes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from buildbot.db.builders import BuilderModel, BuildersConnectorComponent
from twisted.internet import defer


def read_one_builder_at_a_time() -> None:
    """Make Buildbot ask for what it wants to know. Doing it again changes nothing."""
    BuildersConnectorComponent.getBuilder = _get_builder


def _get_builder(
    self: BuildersConnectorComponent, builderid: int
) -> defer.Deferred[BuilderModel | None]:
    model = self.db.model

    def read(connection: Any) -> BuilderModel | None:
        builders, masters, of_builder = model.builders, model.builder_masters, model.builders_tags
        row = connection.execute(sa.select(builders).where(builders.c.id == builderid)).fetchone()
        if row is None:
            return None
        on_masters = sa.select(masters.c.masterid).where(masters.c.builderid == builderid)
        tags = sa.select(model.tags.c.name).select_from(model.tags.join(of_builder))
        return BuilderModel(
            id=row.id,
            name=row.name,
            description=row.description,
            description_format=row.description_format,
            description_html=row.description_html,
            projectid=row.projectid,
            tags=list(connection.scalars(tags.where(of_builder.c.builderid == builderid))),
            masterids=list(connection.scalars(on_masters.order_by(masters.c.masterid))),
        )

    return self.db.pool.do(read)
