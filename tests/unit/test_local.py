"""Local builds: what is built, what it is called, for which distro, and with which packages."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from farm.digest.package import Header
from farm.errors import FarmError
from farm.job.workspace import Cache
from farm.local import results
from farm.local.build import require_root
from farm.local.distro import chosen_distro, machine_distro
from farm.local.results import (
    dependencies_of,
    found_inputs,
    missing_dependencies,
    result_directory,
)
from farm.local.source import local_version, take_source, tree_digest
from farm.model import Component, Distro, Family
from farm.version_order import precedes
from tests.deb_builds import deb_distro
from tests.repositories import Repository
from tests.stacks import EL9, stack

X = Component.model_validate({"name": "libx", "git": "/srv/x.git"})
DEB = deb_distro()


@pytest.fixture
def checkout(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "libx")
    repository.commit("First", tag="v1.2", Makefile="all:\n", src__x__c="int x;\n")
    (repository.path / ".git/info/exclude").write_text("*.o\n")
    (repository.path / "x.o").write_text("object")
    return repository


def test_a_clean_checkout_is_built_as_its_commit(checkout: Repository, tmp_path: Path) -> None:
    source = take_source(checkout.path, X, tmp_path / "tree")
    assert (source.upstream_version, source.dirty, source.timestamp) == (
        "1.2",
        False,
        checkout.time,
    )
    names = sorted(p.name for p in (tmp_path / "tree").iterdir())
    assert names == ["Makefile", "src"]
    assert int((tmp_path / "tree/src/x/c").stat().st_mtime) == checkout.time


def test_uncommitted_changes_are_built_and_show_in_the_version(
    checkout: Repository, tmp_path: Path
) -> None:
    (checkout.path / "new.c").write_text("int y;\n")
    (checkout.path / "Makefile").unlink()
    source = take_source(checkout.path, X, tmp_path / "tree")
    assert source.dirty
    assert source.upstream_version.startswith("1.2+local20")
    assert source.changes[0].startswith("Uncommitted changes to ")
    assert sorted(p.name for p in (tmp_path / "tree").iterdir()) == ["new.c", "src"]
    again = take_source(checkout.path, X, tmp_path / "again")
    assert again == source


def test_local_versions_go_up_and_lie_above_their_commit() -> None:
    first, second = (
        local_version("1.2+git3.gabc1234", when) for when in (1_700_000_000, 1_700_000_001)
    )
    assert precedes("1.2+git3.gabc1234", first)
    assert precedes(first, second)
    assert precedes(second, "1.2+git4.g0000000")


def test_a_digest_is_of_names_contents_and_modes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    before = tree_digest(tmp_path)
    (tmp_path / "a").chmod(0o755)
    assert tree_digest(tmp_path) != before
    (tmp_path / "a").chmod(0o644)
    assert tree_digest(tmp_path) == before


def test_the_only_distro_of_the_family_is_chosen() -> None:
    assert chosen_distro([DEB, EL9], None, Family.RPM) is EL9
    assert chosen_distro([DEB, EL9], "bookworm", Family.DEB) is DEB


@pytest.mark.parametrize(
    ("distros", "name", "message"),
    [
        ([EL9, EL9.model_copy(update={"name": "el10"})], None, "say --distro, one of: el9, el10"),
        ([EL9], "bookworm", "no rpm distro is called bookworm; there are el9"),
        ([DEB], None, "no rpm distro is known"),
    ],
)
def test_a_choice_is_left_to_the_person(
    distros: list[Distro], name: str | None, message: str
) -> None:
    with pytest.raises(FarmError, match=message):
        chosen_distro(distros, name, Family.RPM)


def test_without_a_components_file_debian_packages_are_for_this_machine() -> None:
    debian = {"ID": "debian", "NAME": "Debian", "VERSION_CODENAME": "trixie", "VERSION_ID": "13"}
    distro = machine_distro(debian)
    assert distro is not None
    assert (distro.name, distro.root.suite, distro.version_suffix) == ("trixie", "trixie", "~deb13")
    assert machine_distro({"ID": "fedora", "VERSION_ID": "41"}) is None


def test_dependencies_are_found_where_their_builds_left_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        results, "header", lambda path: Header(path.name.split("_")[0], "1", "amd64")
    )
    needed = dependencies_of(stack({"liba": (), "libb": ("liba",), "app": ("libb",)}), "app")
    assert needed == {"liba": False, "libb": True}
    for component, names in {"liba": ["liba1", "liba1-dbgsym"], "libb": ["libb-dev"]}.items():
        place = result_directory(tmp_path, DEB, component)
        place.mkdir(parents=True)
        for name in names:
            (place / f"{name}_1_amd64.deb").write_bytes(name.encode())
        (place / "build.log").write_text("")
    cache = Cache(tmp_path / "cache")
    inputs = found_inputs(tmp_path, DEB, needed, [], cache)
    assert [(i.component, i.package, i.direct) for i in inputs] == [
        ("liba", "liba1", False),
        ("libb", "libb-dev", True),
    ]
    assert inputs[0].sha256 == hashlib.sha256(b"liba1").hexdigest()
    assert cache.package(inputs[0]).read_bytes() == b"liba1"
    assert missing_dependencies({"liba": False, "libc": True}, inputs) == ["libc"]


def test_a_directory_without_packages_is_said(tmp_path: Path) -> None:
    with pytest.raises(FarmError, match=r"no \.deb packages are there"):
        found_inputs(tmp_path, DEB, {}, [tmp_path], Cache(tmp_path / "cache"))


def test_without_root_there_is_one_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(FarmError, match="run the command with sudo"):
        require_root()
