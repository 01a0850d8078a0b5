"""`farm debian` and `farm spec`."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from farm.cli.packaging import register
from farm.errors import FarmError
from tests.projects import commit

COMPONENTS = """\
maintainer: Me <me@example.invalid>
channels:
  development: {}
distros:
  bookworm:
    family: deb
    release: Debian 12
    architecture: amd64
    root: {suite: bookworm}
    version_suffix: ~deb12
components:
  libbase: {git: "https://git.example.org/base.git"}
  libx:
    git: https://git.example.org/x.git
    summary: the X library
    licence: MIT
    depends: [libbase]
    packages: {deb: [zlib1g-dev], rpm: [zlib-devel]}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checked-out component named libx, and what it staged."""
    tree = tmp_path / "libx"
    tree.mkdir()
    (tree / "configure").write_text("#!/bin/sh\n")
    commit(tree, "First version", tag="v1.2")
    staging = tmp_path / "staging"
    for path in ("usr/include/x.h", "usr/bin/xtool"):
        (staging / path).parent.mkdir(parents=True)
        (staging / path).write_text("")
    (tmp_path / "components.yml").write_text(COMPONENTS)
    return tmp_path


def run(*arguments: str | Path) -> str:
    """What `farm ARGUMENTS` prints."""
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, [str(a) for a in arguments], standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.stdout


def test_a_spec_is_written_from_a_staged_installation(project: Path) -> None:
    printed = run("spec", project / "libx", "--staged", project / "staging")

    spec = (project / "libx" / "libx.spec").read_text()
    assert printed == f"{project}/libx/libx.spec\n"
    assert "Version:        1.2\nRelease:        1%{?dist}\n" in spec
    assert "- First version\n" in spec
    assert "%{_includedir}/x.h\n" in spec


def test_components_yml_says_what_the_tree_does_not(project: Path) -> None:
    options = ("--components", project / "components.yml", "--distro", "bookworm")
    staged = ("--staged", project / "staging", "--output", project / "out")

    run("debian", project / "libx", *staged, *options)

    control = (project / "out" / "debian" / "control").read_text()
    assert "Maintainer: Me <me@example.invalid>\n" in control
    assert "libbase-dev,\n               zlib1g-dev\n" in control
    assert "Description: X library" in control
    assert "libx (1.2-1~deb12) " in (project / "out/debian/changelog").read_text()
    assert (project / "out/debian/rules").stat().st_mode & 0o111


def test_packaging_that_is_there_is_kept_unless_told(project: Path) -> None:
    arguments = ("debian", project / "libx", "--staged", project / "staging")
    run(*arguments)

    with pytest.raises(FarmError, match=r"debian exists already; use --force"):
        run(*arguments)
    assert "debian/control" in run(*arguments, "--force")


def test_a_tree_without_git_has_packaging_too(tmp_path: Path) -> None:
    (tmp_path / "Some_Tool").mkdir()
    (tmp_path / "Some_Tool" / "Makefile").write_text("test:\n")
    (tmp_path / "staging/usr/bin").mkdir(parents=True)
    (tmp_path / "staging/usr/bin/tool").write_text("")

    run("spec", tmp_path / "Some_Tool", "--staged", tmp_path / "staging")

    spec = (tmp_path / "Some_Tool" / "some-tool.spec").read_text()
    assert "Version:        0\n" in spec
    assert "make test VERBOSE=1\n" in spec


def test_an_installation_in_usr_local_is_refused(project: Path) -> None:
    (project / "local/usr/local/bin").mkdir(parents=True)
    (project / "local/usr/local/bin/x").write_text("")

    with pytest.raises(FarmError, match="--prefix=/usr"):
        run("spec", project / "libx", "--staged", project / "local")


def test_an_unknown_component_is_named_with_the_one_that_was_meant(project: Path) -> None:
    options = ("--components", project / "components.yml", "--component", "libxx")

    with pytest.raises(FarmError, match=r"has no libxx; did you mean libx\?"):
        run("spec", project / "libx", "--staged", project / "staging", *options)


def test_a_distro_of_the_other_family_is_refused(project: Path) -> None:
    options = ("--components", project / "components.yml", "--distro", "bookworm")

    with pytest.raises(FarmError, match="bookworm is of family deb"):
        run("spec", project / "libx", "--staged", project / "staging", *options)


def test_without_a_staged_installation_the_component_is_built(tmp_path: Path) -> None:
    tree = tmp_path / "tool"
    tree.mkdir()
    (tree / "Makefile").write_text(
        "all:\n\techo made > tool\n"
        "install:\n\tmkdir -p $(DESTDIR)$(prefix)/bin\n\tcp tool $(DESTDIR)$(prefix)/bin\n"
    )

    run("spec", tree)

    assert "%{_bindir}/tool\n" in (tree / "tool.spec").read_text()
    assert not (tree / "tool").exists()
