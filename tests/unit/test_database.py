"""How Buildbot's own database is set."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from buildbot.db.enginestrategy import Strategy
from pydantic import ValidationError
from sqlalchemy.pool import QueuePool

from farm.site import Site
from services.database import database_settings


def site(**lines: str) -> Site:
    return Site.model_validate({"state": "/srv/farm", "components": "components.yml", **lines})


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ("postgresql+psycopg2://buildbot@/buildbot", "must be two databases"),
        ("mysql://farm@/farm", "pattern"),
    ],
)
def test_records_that_cannot_be_kept_there_are_refused(records: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        site(database="postgresql+psycopg2://buildbot@/buildbot", records=records)


def test_sqlite_keeps_two_connections_that_sync_seldom(tmp_path: Path) -> None:
    settings = database_settings(site(database=f"sqlite:///{tmp_path / 'state.sqlite'}"))
    assert settings["engine_kwargs"] == {"poolclass": QueuePool, "pool_size": 2}
    with sa.create_engine(settings["db_url"]).connect() as connection:
        assert connection.exec_driver_sql("pragma synchronous").scalar() == 1  # NORMAL


@pytest.mark.parametrize(("lost", "again"), [(True, True), (False, False)])
def test_buildbot_does_again_what_a_lost_connection_broke_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: bool, again: bool
) -> None:
    database_settings(site(database="postgresql+psycopg2://buildbot@/buildbot"))
    engine = sa.create_engine("sqlite://")
    monkeypatch.setattr(engine.dialect, "is_disconnect", lambda *arguments: lost)
    with engine.connect() as connection, pytest.raises(sa.exc.OperationalError) as raised:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
    assert Strategy().should_retry(raised.value) == again
