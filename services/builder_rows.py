"""Buildbot's rows of builders and their tags, without asking for what is known.

Buildbot 4.3 reads every tag of every builder to answer for one, at a start once for each: with
thousands of builders that are minutes. It also looks up the id of each tag for each builder, and
searches the settings of all builders for those of each.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from buildbot.config.builder import BuilderConfig
from buildbot.config.master import MasterConfig
from buildbot.db.builders import BuilderModel, BuildersConnectorComponent
from buildbot.db.tags import TagsConnectorComponent
from buildbot.process.builder import Builder
from twisted.internet import defer

_find_in_database = TagsConnectorComponent.findTagId


def ask_little_of_builders() -> None:
    """Make Buildbot ask for what it wants to know, once. Doing it again changes nothing."""
    BuildersConnectorComponent.getBuilder = _get_builder
    TagsConnectorComponent.findTagId = _find_tag_id
    Builder._find_builder_config_by_name = _find_settings


def _find_settings(self: Builder, settings: MasterConfig) -> BuilderConfig:
    by_name: dict[str, BuilderConfig] | None = settings.__dict__.get("builders_by_name")
    if by_name is None or len(by_name) != len(settings.builders):
        by_name = {one.name: one for one in settings.builders}
        settings.__dict__["builders_by_name"] = by_name
    return by_name[self.name]


def _find_tag_id(self: TagsConnectorComponent, name: str) -> defer.Deferred[int]:
    # Buildbot never deletes a tag.
    known: dict[str, int] = self.__dict__.setdefault("ids_by_name", {})
    if name in known:
        return defer.succeed(known[name])

    def found(tag: int) -> int:
        known[name] = tag
        return tag

    return _find_in_database(self, name).addCallback(found)


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
