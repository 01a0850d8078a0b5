"""Command lines that need no parser mean what they mean to the parser, and no others are read."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from farm.cli import plain, workspace_do
from farm.cli.main import build_app

APP = build_app()
LINES = [
    ["clone", "ogg", "vorbis", "--deps"],
    ["clone", "--all", "--offline", "--json"],
    ["sync"],
    ["sync", "ogg", "--deps", "--json"],
    ["install", "ogg", "--yes", "--no-tests", "-j3"],
    ["install", "-y", "ogg", "--offline"],
    ["build"],
    ["build", "ogg", "--dependents", "--fresh", "--no-tests", "-j8", "--json"],
    ["reinstall", "ogg", "--fresh"],
    ["test", "ogg", "--json", "--offline"],
]


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_both_ways_call_the_same(line: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[list[str], dict[str, Any]]] = []

    def note(names: Any = (), **options: Any) -> None:
        calls.append((list(names), {k: v for k, v in options.items() if v}))

    for name in ("clone", "sync", "install", "build", "test"):
        monkeypatch.setattr(workspace_do, name, note)
    quick = plain.find(line)
    assert quick is not None
    quick()
    assert CliRunner().invoke(APP, line).exit_code == 0
    assert calls[0] == calls[1]


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["--help"],
        ["status"],
        ["build", "--help"],
        ["build", "--jobs", "2"],
        ["build", "-j0"],
        ["build", "-jx"],
        ["sync", "--fresh"],
        ["sync", "-j2"],
        ["install"],
        ["build", "--"],
    ],
)
def test_everything_else_is_left_to_the_parser(line: list[str]) -> None:
    assert plain.find(line) is None
