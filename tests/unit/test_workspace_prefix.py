"""From staging to the prefix: only what differs, recorded, all or nothing."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.workspace import prefix as installing
from farm.workspace.errors import WorkspaceError
from farm.workspace.prefix import (
    Plan,
    commit,
    describe_installed,
    finish_journal,
    is_damaged,
    output_digest,
    plan_install,
    remove_installed,
    scan_stage,
)
from farm.workspace.records import (
    ComponentFiles,
    Inputs,
    Installed,
    Record,
    load_record,
    observable,
)

INPUTS = Inputs("s", {}, {}, {}, {})


class Component:
    """One component that installs into a prefix again and again."""

    def __init__(self, root: Path, name: str = "ogg"):
        self.name, self.prefix = name, root / "prefix"
        self.files = ComponentFiles(root / "state" / name)
        self.stage = root / "stage" / name
        self.owners: dict[str, str] = {}

    def staged(self, **files: str) -> None:
        for name, text in files.items():
            place = self.inner / name.replace("__", "/").replace("_dot_", ".")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    @property
    def inner(self) -> Path:
        return self.stage / str(self.prefix).lstrip("/")

    def plan(self) -> tuple[Plan, Record]:
        found = scan_stage(self.stage, self.prefix)
        before = load_record(self.files)
        old = before.installed if before else {}
        installed = describe_installed(self.inner, self.prefix, found.files, old, used=True)
        output = output_digest(installed, observable(installed))
        present = installing.present_in(self.prefix, {*found.files, *old})
        plan = plan_install(found.files, old, present, self.owners, self.name)
        return plan, Record(INPUTS, output, "passed", installed, list(found.directories))

    def install(self, **files: str) -> Plan:
        self.staged(**files)
        plan, record = self.plan()
        commit(self.files, self.inner, self.prefix, plan, record)
        return plan

    @property
    def record(self) -> Record:
        record = load_record(self.files)
        assert record is not None
        return record

    def content(self) -> dict[str, str]:
        found = (path for path in self.prefix.rglob("*") if path.is_file())
        return {str(path.relative_to(self.prefix)): path.read_text() for path in found}


def test_what_is_staged_arrives_and_is_recorded(tmp_path: Path) -> None:
    one = Component(tmp_path)
    one.install(lib__x="1", include__y_dot_h="2")
    assert one.content() == {"lib/x": "1", "include/y.h": "2"}
    assert sorted(one.record.installed) == ["include/y.h", "lib/x"]
    assert not is_damaged(one.prefix, one.record)


def test_unchanged_files_keep_their_times_and_gone_ones_go(tmp_path: Path) -> None:
    one = Component(tmp_path)
    one.install(lib__x="1", lib__y="1", share__z__deep="1")
    before = os.lstat(one.prefix / "lib/x")
    plan = one.install(lib__x="1", lib__y="2")
    assert (plan.moves, plan.removes, plan.kept) == (["lib/y"], ["share/z/deep"], ["lib/x"])
    after = os.lstat(one.prefix / "lib/x")
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert not (one.prefix / "share").exists()


def test_the_output_is_the_same_until_something_that_dependents_see_differs(
    tmp_path: Path,
) -> None:
    one = Component(tmp_path)
    one.install(lib__x="1", share__man__x_dot_1="1")
    first = one.record.output
    one.install(lib__x="1", share__man__x_dot_1="2")
    assert one.record.output == first
    one.install(lib__x="2", share__man__x_dot_1="2")
    assert one.record.output != first


def test_libtools_notes_and_infos_index_are_left_out(tmp_path: Path) -> None:
    one = Component(tmp_path)
    one.install(lib__x_dot_la="1", share__info__dir="1", share__info__x_dot_info="1")
    assert list(one.content()) == ["share/info/x.info"]


def test_files_outside_the_prefix_are_found(tmp_path: Path) -> None:
    one = Component(tmp_path)
    one.staged(lib__x="1")
    (one.stage / "etc").mkdir()
    (one.stage / "etc" / "x.conf").touch()
    assert scan_stage(one.stage, one.prefix).outside == ("/etc/x.conf",)


def test_a_file_of_another_component_is_not_taken(tmp_path: Path) -> None:
    one = Component(tmp_path)
    one.install(lib__x="1")
    other = Component(tmp_path, "vorbis")
    other.owners = {"lib/x": "ogg"}
    with pytest.raises(WorkspaceError, match="belongs to ogg, and vorbis installs it too"):
        other.install(lib__x="2")
    assert one.content() == {"lib/x": "1"}


def test_a_file_that_nobody_installed_is_not_replaced(tmp_path: Path) -> None:
    one = Component(tmp_path)
    one.prefix.mkdir()
    (one.prefix / "precious").write_text("mine")
    with pytest.raises(WorkspaceError, match="no component installed it"):
        one.install(precious="theirs")
    assert one.content() == {"precious": "mine"}


def test_a_failure_in_the_middle_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Component(tmp_path)
    one.install(lib__a="1", lib__b="1")
    before = one.record
    move = installing._move

    def failing(staged: Path, place: Path) -> None:
        if place.name == "c":
            raise OSError(28, "No space left on device", str(place))
        move(staged, place)

    monkeypatch.setattr(installing, "_move", failing)
    with pytest.raises(WorkspaceError, match="No space left"):
        one.install(lib__a="2", lib__b="2", lib__aa="2", lib__c="2")
    assert one.content() == {"lib/a": "1", "lib/b": "1"}
    assert one.record == before
    assert finish_journal(one.files, one.prefix) is None


class Killed(BaseException):
    """The end without warning."""


@pytest.mark.parametrize("moves", range(4))
def test_an_end_in_the_middle_is_finished_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    one = Component(tmp_path)
    one.install(lib__a="1", lib__gone="1")
    move, left = installing._move, [moves]

    def ending(staged: Path, place: Path) -> None:
        if not left[0]:
            raise Killed
        left[0] -= 1
        move(staged, place)

    monkeypatch.setattr(installing, "_move", ending)
    one.staged(lib__a="2", lib__b="2", lib__c="2")
    (one.inner / "lib/gone").unlink(missing_ok=True)
    plan, record = one.plan()
    with pytest.raises(Killed) if moves < 3 else monkeypatch.context():
        commit(one.files, one.inner, one.prefix, plan, record)
    monkeypatch.setattr(installing, "_move", move)
    finish_journal(one.files, one.prefix)
    assert one.content() == {"lib/a": "2", "lib/b": "2", "lib/c": "2"}
    assert not is_damaged(one.prefix, one.record)
    assert finish_journal(one.files, one.prefix) is None


def test_a_prefix_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    one = Component(tmp_path)
    one.prefix = tmp_path / "file" / "prefix"
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError, match="cannot be made"):
        one.install(lib__x="1")


def test_damage_is_seen_and_removal_leaves_what_others_own(tmp_path: Path) -> None:
    one = Component(tmp_path)
    one.install(lib__x="1", lib__y="1")
    (one.prefix / "lib/y").write_text("by hand")
    assert is_damaged(one.prefix, one.record)
    remove_installed(one.prefix, one.record, {"lib/y": "other"}, "ogg")
    assert list(one.content()) == ["lib/y"]


paths = st.sampled_from(["bin/a", "lib/b", "lib/c", "share/d/e"])
texts = st.sampled_from("123")


@given(st.lists(st.dictionaries(paths, texts), min_size=1, max_size=6))
def test_the_plan_always_leads_to_what_is_staged(steps: list[dict[str, str]]) -> None:
    present: dict[str, str] = {}
    recorded: dict[str, Installed] = {}
    for staged in steps:
        before = dict(present)
        plan = plan_install(staged, recorded, present, {}, "ogg")
        for path in plan.moves:
            present[path] = staged[path]
        for path in plan.removes:
            del present[path]
        assert present == staged
        assert all(before[path] == staged[path] for path in plan.kept)
        recorded = {path: Installed(what, what, what) for path, what in staged.items()}


def test_what_nobody_depends_on_is_not_looked_into(tmp_path: Path) -> None:
    prefix, stage = tmp_path / "prefix", tmp_path / "stage"
    old = {"bin/tool": Installed("-old", "earlier", "earlier"), "same": Installed("-s", "a", "b")}
    staged = {"bin/tool": "-new", "same": "-s"}

    installed = describe_installed(stage, prefix, staged, old, used=False)

    assert installed["bin/tool"] == Installed("-new", "-new", "-new")
    assert installed["same"] == Installed("-s", "a", "b")
