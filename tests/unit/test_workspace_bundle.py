"""What a machine without network needs, and what is said when it is not there."""

from pathlib import Path

import pytest

from farm.cli.workspace_packages import install_packages
from farm.workspace import needs
from farm.workspace.bundle import ALWAYS, bundle_packages, make_bundle, needed_packages
from farm.workspace.errors import WorkspaceError
from farm.workspace.mirroring import mirror_all
from farm.workspace.processes import Processes
from tests.workspaces import World


def mirrored(root: Path) -> World:
    world = World(root)
    world.component("ogg", packages={"deb": ["zlib1g-dev"]}).commit(Makefile="install:\n\ttrue\n")
    world.component("high", ("ogg",)).commit(**{"meson.build": "project('x', 'c')\n"})
    urls = [str(one.path) for one in world.upstream.values()]
    list(mirror_all(root / "mirrors", urls, Processes()))
    return world


def test_packages_are_those_that_components_name_and_build_systems_are_in(tmp_path: Path) -> None:
    workspace = mirrored(tmp_path).workspace(distro="bookworm")
    found = needed_packages(workspace, tmp_path / "mirrors")
    assert found == sorted({*ALWAYS, "zlib1g-dev", "meson", "ninja-build"})


def test_a_repository_that_is_not_mirrored_is_named(tmp_path: Path) -> None:
    world = mirrored(tmp_path)
    world.component("new").commit()
    workspace = world.workspace(distro="bookworm")
    with pytest.raises(WorkspaceError, match="new: "):
        needed_packages(workspace, tmp_path / "mirrors")


def test_only_a_directory_with_an_index_is_a_bundle(tmp_path: Path) -> None:
    assert bundle_packages(tmp_path) is None
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "Packages").touch()
    assert bundle_packages(tmp_path) == tmp_path / "packages"


def test_rpm_distros_are_refused(tmp_path: Path) -> None:
    workspace = mirrored(tmp_path).workspace()
    workspace.change_settings(family="rpm")
    with pytest.raises(WorkspaceError, match="deb distros only"):
        make_bundle(workspace, tmp_path / "mirrors")


def test_offline_names_missing_packages_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = mirrored(tmp_path)
    world.workspace(distro="bookworm")
    monkeypatch.setattr(needs, "missing_packages", lambda *_: ["zlib1g-dev"])
    with pytest.raises(WorkspaceError, match=r"(?s)missing: zlib1g-dev.*offline.*apt-get install"):
        install_packages(world.open(offline=True), ["ogg"], yes=True)
