"""The build tree: one time for all sources, and nothing kept that is not proven."""

import os
from pathlib import Path

import pytest

from farm.workspace.errors import WorkspaceError
from farm.workspace.records import Evidence, Inputs
from farm.workspace.redo import ALL_OBJECTS, Redo
from farm.workspace.sweep import identity
from farm.workspace.tree import Disturbed, check_copy, populate, renew, snapshot

TIME = 1_000_000_000
INPUTS = Inputs("s", dict.fromkeys(("configure", "build", "test", "install"), ""), {}, {}, {})


class Project:
    """A source and its build tree."""

    def __init__(self, root: Path):
        self.source, self.tree, self.prefix = root / "source", root / "tree", root / "prefix"
        self.configured: dict[str, list[int]] = {}
        self.opened: list[str] | None = []

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.source / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def product(self, path: str, text: str = "") -> Path:
        place = self.tree / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return place

    @property
    def files(self) -> dict[str, str]:
        paths = [p for p in self.source.rglob("*") if not p.is_dir() or p.is_symlink()]
        return {str(p.relative_to(self.source)): identity(str(p), os.lstat(p)) for p in paths}

    def populate(self) -> None:
        self.before = self.files
        populate(self.source, self.tree, self.before, TIME)

    def configure(self) -> None:
        self.configured = snapshot(self.tree, self.before)

    def renew(self, *changed: str, prefix: tuple[str, ...] = (), stopped: float = 0.0) -> str:
        evidence = Evidence(
            INPUTS,
            self.before,
            {},
            "done",
            self.configured,
            build_opened=self.opened,
            stopped=stopped,
        )
        redo = Redo(False, "", frozenset(changed), frozenset(prefix))
        kept = renew(self.source, self.tree, self.files, evidence, redo, self.prefix, TIME)
        self.before = self.files
        return kept.all_dropped

    def products(self) -> list[str]:
        found = (p for p in self.tree.rglob("*") if not p.is_dir())
        return sorted({str(p.relative_to(self.tree)) for p in found} - set(self.files))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write(a_dot_c="a", b_dot_c="b", Makefile="all:")
    made.populate()
    for name in "ab":
        made.product(f"{name}.o")
        made.product(f"{name}.d", f"{name}.o: {name}.c\n")
    made.product("program")
    return made


def test_sources_are_copied_with_one_time(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(run_dot_sh="#!/bin/sh", deep__er__x_dot_c="")
    (project.source / "run.sh").chmod(0o755)
    (project.source / "link").symlink_to("deep")
    project.populate()
    assert os.access(project.tree / "run.sh", os.X_OK)
    assert (project.tree / "link").readlink() == Path("deep")
    times = {os.lstat(project.tree / path).st_mtime for path in project.files}
    assert times == {TIME}
    check_copy(project.tree, project.files)


def test_a_file_that_is_saved_while_it_is_copied_is_noticed(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(a_dot_c="one")
    files = project.files
    project.write(a_dot_c="two")
    populate(project.source, project.tree, files, TIME)
    with pytest.raises(WorkspaceError, match="build again"):
        check_copy(project.tree, files)


def test_only_proven_objects_survive(project: Project) -> None:
    project.product("unproven.o")
    project.product("libx.a")
    assert project.renew() == ""
    assert project.products() == ["a.d", "a.o", "b.d", "b.o"]


def test_what_is_made_from_a_changed_file_goes_and_the_file_is_renewed(project: Project) -> None:
    project.write(a_dot_c="changed")
    project.renew("a.c")
    assert project.products() == ["b.d", "b.o"]
    assert (project.tree / "a.c").read_text() == "changed"
    assert os.lstat(project.tree / "a.c").st_mtime == TIME


def test_what_is_compiled_with_a_changed_header_of_the_prefix_goes(project: Project) -> None:
    header = project.prefix / "include" / "x.h"
    project.product("a.d", f"a.o: a.c {header}\n")
    project.renew(prefix=("include/x.h",))
    assert project.products() == ["b.d", "b.o"]


def test_a_change_of_what_more_than_compilers_read_drops_every_object(project: Project) -> None:
    project.opened = ["Makefile"]
    project.write(Makefile="all: new")
    assert "Makefile" in project.renew("Makefile")
    assert project.products() == []


def test_a_change_of_what_nothing_reads_drops_no_object(project: Project) -> None:
    project.write(Makefile="all: new")
    project.renew("Makefile")
    assert len(project.products()) == 4


def test_a_makefile_that_takes_flags_from_a_compiled_file_is_noticed(project: Project) -> None:
    project.write(Makefile="V := $(shell sed -n s/x/y/p a.c)\n")
    project.populate()
    assert "flags" in project.renew("a.c")


def test_what_configure_made_stays_and_empty_directories_of_the_build_go(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(configure="")
    project.populate()
    project.product("config.h")
    (project.tree / "wanted").mkdir()
    project.configure()
    project.product("objects/deep/x")
    project.renew()
    assert project.products() == ["config.h"]
    assert sorted(p.name for p in project.tree.iterdir() if p.is_dir()) == ["wanted"]


def test_a_build_that_changes_what_configure_made_cannot_be_kept(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(configure="")
    project.populate()
    made = project.product("config.h", "1")
    project.configure()
    made.write_text("2 and more")
    with pytest.raises(Disturbed, match=r"config\.h"):
        project.renew()


def test_sources_that_the_build_changed_or_removed_are_put_back(project: Project) -> None:
    (project.tree / "a.c").write_text("by the build")
    (project.tree / "b.c").unlink()
    project.renew()
    check_copy(project.tree, project.files)


def test_objects_of_the_last_moments_before_a_stop_are_not_trusted(project: Project) -> None:
    old = os.lstat(project.tree / "a.o").st_mtime
    os.utime(project.tree / "b.o", (old - 60, old - 60))
    os.utime(project.tree / "b.d", (old - 60, old - 60))
    project.renew(stopped=old + 1)
    assert project.products() == ["b.d", "b.o"]


def test_all_objects_can_be_dropped_and_trusted_directories_stay(project: Project) -> None:
    project.product("_build/x.o")
    evidence = Evidence(INPUTS, project.before, {}, "done")
    redo = Redo(False, "", ALL_OBJECTS, trusted=("_build",))
    renew(project.source, project.tree, project.files, evidence, redo, project.prefix, TIME)
    assert project.products() == ["_build/x.o"]
