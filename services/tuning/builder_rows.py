"""Buildbot's rows of builders and their tags, without asking for what is known.

Buildbot 4.3 reads every tag of every builder to answer for one, at a start once for each: with
thousands of builders that are minutes. It also looks up the id of each tag for each builder, and
searches the settings of all builders for those of each; and at every start it writes each row anew.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import sqlalchemy as sa
from buildbot.config.builder import BuilderConfig
from buildbot.config.master import MasterConfig
from buildbot.db.builders import BuilderModel, BuildersConnectorComponent
from buildbot.db.tags import TagsConnectorComponent
from buildbot.process.builder import Builder
from buildbot.util.twisted import async_to_deferred
from twisted.internet import defer

_find_in_database = TagsConnectorComponent.findTagId
_update = BuildersConnectorComponent.updateBuilderInfo
_Info = tuple[str | None, str | None, str | None, int | None, list[str]]
"""Description, its format, the same as HTML, project and tags."""


def ask_little_of_builders() -> None:
    """Make Buildbot ask for what it wants to know, once. Doing it again changes nothing."""
    BuildersConnectorComponent.getBuilder = _get_builder
    BuildersConnectorComponent.updateBuilderInfo = _update_once
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


@async_to_deferred
async def _update_once(
    self: BuildersConnectorComponent,
    builderid: int,
    description: str | None,
    description_format: str | None,
    description_html: str | None,
    projectid: int | None,
    tags: list[str],
) -> None:
    if "as_started" not in self.__dict__:
        self.__dict__["as_started"] = await self.db.pool.do(partial(_read_info, self.db.model))
    info: _Info = (description, description_format, description_html, projectid, sorted(tags))
    # What was read is good for one comparison: somebody may change it later.
    if self.__dict__["as_started"].pop(builderid, None) != info:
        await _update(self, builderid, *info[:-1], tags)


def _read_info(model: Any, connection: sa.engine.Connection) -> dict[int, _Info]:
    builders, of_builder = model.builders, model.builders_tags
    tags: dict[int, list[str]] = {}
    named = sa.select(of_builder.c.builderid, model.tags.c.name).select_from(
        model.tags.join(of_builder)
    )
    for row in connection.execute(named):
        tags.setdefault(row.builderid, []).append(row.name)
    return {
        row.id: (
            row.description,
            row.description_format,
            row.description_html,
            row.projectid,
            sorted(tags.get(row.id, [])),
        )
        for row in connection.execute(sa.select(builders))
    }


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
