"""`farm archive list`: lines, releases, and the snapshots of a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from repo_publish.cli import register
from repo_publish.errors import PublishError
from repo_publish.line import line_of
from repo_publish.manifest import MANIFEST, Manifest, Origin, Rollback
from repo_publish.names import remember_names, remembered
from repo_publish.refusal import refused_by
from tests.manifests import a_component, a_file, a_manifest

GOOD = a_manifest(a_component("lib", a_file("lib")), number=1)
BAD = a_manifest(a_component("lib", a_file("lib", "2.0-1"), version="2.0-1"), number=2)
BACK = GOOD.model_copy(
    update={
        "number": 3,
        "rollback": Rollback(from_snapshot=2, to_snapshot=1, reason="it is broken"),
        "refused": refused_by(BAD, GOOD, "it is broken", 1),
    }
)
RELEASE = GOOD.model_copy(
    update={
        "channel": "releases/1.0",
        "release": "1.0",
        "origin": Origin(channel="development", distro="bookworm", snapshot=1),
    }
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for manifest in (GOOD, BAD, BACK, RELEASE):
        write(tmp_path / manifest.lasting_path, manifest)
    (tmp_path / "development").mkdir()
    (tmp_path / "development/bookworm").symlink_to("../snapshots/development/bookworm/3")
    return tmp_path


def write(tree: Path, manifest: Manifest) -> None:
    tree.mkdir(parents=True)
    (tree / MANIFEST).write_text(manifest.model_dump_json())


def run(archive: Path, *arguments: str) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, ["archive", *arguments, "--archive", str(archive)])


def test_lines_and_releases_are_listed(archive: Path) -> None:
    rows = json.loads(run(archive, "list", "--json").output)

    assert [(row["channel"], row["number"]) for row in rows] == [
        ("development", 3),
        ("releases/1.0", 1),
    ]


def test_the_snapshots_of_a_line_say_what_was_special(archive: Path) -> None:
    output = run(archive, "list", "development/bookworm").output

    newest, *older = [line for line in output.splitlines() if "bookworm" in line]
    assert "went back to 1: it is broken" in newest
    assert len(older) == 2


def test_a_release_that_is_none_is_said(archive: Path) -> None:
    error = run(archive, "verify", "releases/7/bookworm").exception

    assert isinstance(error, PublishError)
    assert str(error) == "there is no releases/7/bookworm; there are releases/1.0/bookworm"


def test_names_of_snapshots_that_are_gone_stay_used(tmp_path: Path) -> None:
    line = line_of(tmp_path, "development", "bookworm")
    line.state.mkdir(parents=True)
    gone = a_file("lib", content=b"one")
    assert remembered(line, [gone.path]) == {}

    remember_names(line, [gone])
    remember_names(line, [a_file("lib", content=b"other")])

    assert remembered(line, [gone.path, "another"]) == {gone.path: gone.sha256}
