"""The sandbox refuses to start where it cannot work, and says why."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from farm.build.sandbox import Overlay
from farm.errors import FarmError, InfrastructureError


def test_a_missing_tool_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        shutil, "which", lambda tool, path: None if tool == "bwrap" else f"/usr/bin/{tool}"
    )

    with pytest.raises(InfrastructureError, match="builds need bwrap: not installed here"):
        Overlay([tmp_path], tmp_path / "work").__enter__()


def test_an_unprivileged_worker_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool, path: f"/usr/bin/{tool}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(InfrastructureError, match="builds need root"):
        Overlay([tmp_path], tmp_path / "work").__enter__()


def test_nothing_runs_in_an_overlay_that_is_not_open(tmp_path: Path) -> None:
    with pytest.raises(FarmError, match="build: the overlay is closed"):
        Overlay([tmp_path], tmp_path / "work").run("build", ["make"])
