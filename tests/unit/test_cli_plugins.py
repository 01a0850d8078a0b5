"""One command loads one module, and all of them can still be found."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.main import get_command

from farm.cli import plugins


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "farm"


def commands(command: str = "") -> set[str]:
    return set(get_command(plugins.build_app(command)).commands)  # type: ignore[attr-defined]


def test_a_remembered_command_comes_with_its_own_module_only() -> None:
    assert not plugins.knows("sync")
    plugins.remember()
    assert plugins.knows("sync") and plugins.knows("archive") and not plugins.knows("synk")
    assert "sync" in commands("sync")
    assert "validate" not in commands("sync")


def test_every_command_of_the_whole_is_remembered() -> None:
    plugins.remember()
    everything = commands()
    assert {name for name in everything if not plugins.knows(name)} == set()


def test_without_a_cache_or_with_a_wrong_one_everything_is_loaded(cache: Path) -> None:
    assert "validate" in commands("sync")
    plugins.remember()
    (file,) = cache.iterdir()
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({**kept, "key": "old"}))
    assert not plugins.knows("sync")
    file.write_text(json.dumps({**kept, "commands": {"sync": ["farm.gone:register"]}}))
    assert "validate" in commands("sync")
    file.write_text("{")
    assert not plugins.knows("sync")


def test_a_cache_of_somebody_else_is_not_believed(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins.remember()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert not plugins.knows("sync")


def test_a_place_that_cannot_be_written_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    plugins.remember()
    assert not plugins.knows("sync")
