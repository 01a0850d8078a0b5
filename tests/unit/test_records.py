"""The records in SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.records import builds, lookup
from tests.records_suite import RecordsSuite


class TestRecordsInSqlite(RecordsSuite):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'farm.sqlite'}"


class TestRecordsThatHoldLittleInMemory(TestRecordsInSqlite):
    @pytest.fixture
    def url(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(builds, "ROWS_KEPT", 1)
        monkeypatch.setattr(builds, "FACTS_KEPT", 1)
        monkeypatch.setattr(lookup, "AT_ONCE", 1)
        return f"sqlite:///{tmp_path / 'farm.sqlite'}"
