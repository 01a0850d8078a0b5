"""`farm component add`, on local repositories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from farm.cli.component import register
from farm.errors import FarmError
from farm.git import RepositoryUnavailable
from farm.model.load import load_stack
from tests.repositories import Repository
from tests.unit.test_licences import MIT

STACK = """\
# What we build.
channels: {development: }
distros:
  el9:
    {family: rpm, release: EL 9, architecture: x86_64, root: {mock: el9}, version_suffix: .el9}
components:
  libogg: {git: "${forge}/ogg.git"}  # the base
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A component that asks for ogg and zlib."""
    repository = Repository(tmp_path / "Vorbis")
    files = {
        "configure.ac": "PKG_CHECK_MODULES([OGG], [ogg zlib])\n",
        "Makefile.am": "TESTS = x\n",
        "LICENSE": MIT,
        "README.md": "# vorbis - a codec that is free\n",
    }
    repository.commit("First", tag="v1.3", **files)
    (tmp_path / "components.yml").write_text(STACK)
    return repository


def add(tmp_path: Path, *arguments: str) -> Result:
    app = typer.Typer()
    register(app)
    file = tmp_path / "components.yml"
    options = ["--components", str(file), "--set", "forge=https://git.example.org"]
    argv = ["component", "add", *arguments, *options]
    result = CliRunner().invoke(app, argv, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result


def test_a_repository_becomes_an_entry(tmp_path: Path, repository: Repository) -> None:
    result = add(tmp_path, repository.url, "--name", "libvorbis")
    assert result.stdout == f"added libvorbis to {tmp_path}/components.yml\n"
    assert "look after summary: a guess from README.md" in result.stderr
    written = (tmp_path / "components.yml").read_text()
    assert written == STACK + (
        "  libvorbis:\n"
        f"    git: {repository.url}\n"
        "    summary: codec that is free\n"
        "    licence: MIT\n"
        "    depends: [libogg]\n"
        "    packages: {rpm: [pkgconf-pkg-config, pkgconfig(zlib)]}\n"
    )
    stack = load_stack(tmp_path / "components.yml", {"forge": "https://git.example.org"})
    assert stack.components["libvorbis"].depends == ("libogg",)


def test_a_dry_run_prints_the_change_and_writes_nothing(
    tmp_path: Path, repository: Repository
) -> None:
    result = add(tmp_path, repository.url, "--dry-run")
    lines = result.stdout.splitlines()
    assert "+  vorbis:" in lines
    assert [line for line in lines if line.startswith("-") and not line.startswith("---")] == []
    assert (tmp_path / "components.yml").read_text() == STACK


def test_programs_get_json(tmp_path: Path, repository: Repository) -> None:
    answer = json.loads(add(tmp_path, repository.url, "--json").stdout)
    assert answer["name"] == "vorbis"
    assert answer["entry"]["licence"] == "MIT"
    assert answer["notes"] == ["summary: a guess from README.md"]


def test_a_component_may_be_a_directory_of_a_repository(
    tmp_path: Path, repository: Repository
) -> None:
    repository.commit("Add a tool", tools__player__Makefile="test:\n")
    add(tmp_path, repository.url, "--name", "player", "--directory", "tools/player")
    assert "    directory: tools/player\n" in (tmp_path / "components.yml").read_text()
    with pytest.raises(FarmError, match="has no directory tools/radio"):
        add(tmp_path, repository.url, "--name", "radio", "--directory", "tools/radio")


def test_what_is_there_already_is_not_added_again(tmp_path: Path, repository: Repository) -> None:
    with pytest.raises(FarmError, match="has a component libogg already"):
        add(tmp_path, repository.url, "--name", "libogg")
    with pytest.raises(FarmError, match="has this repository already, as libogg"):
        add(tmp_path, "https://git.example.org/ogg", "--name", "other")


def test_a_branch_is_followed(tmp_path: Path, repository: Repository) -> None:
    repository.git("branch", "next")
    add(tmp_path, repository.url, "--branch", "next")
    assert "    branch: next\n" in (tmp_path / "components.yml").read_text()
    with pytest.raises(RepositoryUnavailable, match="none"):
        add(tmp_path, repository.url, "--name", "again", "--directory", "x", "--branch", "none")


def test_bad_names_and_urls_are_refused(tmp_path: Path, repository: Repository) -> None:
    for arguments in (
        ("--upload-pack=touch",),
        ("ext::sh -c true",),
        (repository.url, "--name", "../x"),
        (repository.url, "--directory", "../.."),
    ):
        with pytest.raises(typer.TyperException):
            add(tmp_path, *arguments)
    with pytest.raises(RepositoryUnavailable, match="cannot be read"):
        add(tmp_path, str(tmp_path / "nowhere"))


def test_an_empty_repository_is_refused(tmp_path: Path, repository: Repository) -> None:
    empty = Repository(tmp_path / "empty")
    empty.git("init", "-q")
    with pytest.raises(FarmError, match="is empty: commit something first"):
        add(tmp_path, empty.url)


def test_mistakes_that_are_there_are_reported_and_nothing_is_written(
    tmp_path: Path, repository: Repository
) -> None:
    broken = STACK.replace("rpm", "rpn")
    (tmp_path / "components.yml").write_text(broken)
    with pytest.raises(FarmError, match="rpn"):
        add(tmp_path, repository.url)
    assert (tmp_path / "components.yml").read_text() == broken
