"""Upgrades of records in SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from farm.records import migrations
from farm.records.upgrade import BASELINE, REVISION
from tests.records_upgrade_suite import UpgradeSuite


class TestUpgradeInSqlite(UpgradeSuite):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'farm.sqlite'}"


def test_the_revision_is_that_of_the_newest_step() -> None:
    steps = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert steps.get_current_head() == REVISION
    assert steps.get_base() == BASELINE
