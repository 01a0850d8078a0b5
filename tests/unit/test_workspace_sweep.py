"""What belongs to a source and what changed in it, seen by stats and confirmed by contents."""

import os
from pathlib import Path

import pytest

from farm.workspace.errors import WorkspaceError
from farm.workspace.sweep import Sweep, look, sweep_from_json
from tests.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "ogg")
    made.git("init", "-q")
    made.commit(a="1", src__b="1", **{".gitignore": "*.o\n/build/\n"})
    return made


def paths(sweep: Sweep) -> list[str]:
    return sorted(sweep.files)


def test_tracked_and_new_files_count_and_ignored_ones_do_not(repository: Repository) -> None:
    for name in ("new", "junk.o"):
        (repository.path / name).touch()
    (repository.path / "build").mkdir()
    (repository.path / "build" / "x").touch()
    assert paths(look(repository.path, None)) == [".gitignore", "a", "new", "src/b"]


def test_a_file_is_known_by_content_mode_and_target(repository: Repository) -> None:
    before = look(repository.path, None).files
    (repository.path / "a").chmod(0o755)
    (repository.path / "link").symlink_to("a")
    after = look(repository.path, None).files
    assert after["a"] == "x" + before["a"][1:]
    assert after["link"] == "la"


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "a").write_text("2"),
        lambda root: (root / "new").touch(),
        lambda root: (root / "src" / "new").touch(),
        lambda root: (root / "src" / "b").unlink(),
        lambda root: (root / "a").rename(root / "src" / "a"),
        lambda root: (root / "a").chmod(0o755),
        lambda root: (root / ".gitignore").write_text("nothing"),
        lambda root: ((root / "fresh").mkdir(), (root / "fresh" / "f").touch()),
    ],
)
def test_every_kind_of_change_is_seen_by_the_quick_look(
    repository: Repository, change: object
) -> None:
    before = look(repository.path, None)
    assert look(repository.path, before).files == before.files
    change(repository.path)  # type: ignore[operator]
    quick, thorough = look(repository.path, before), look(repository.path, None)
    assert quick.files == thorough.files != before.files


def test_a_change_within_the_clocks_step_is_seen(repository: Repository) -> None:
    file = repository.path / "a"
    before = look(repository.path, None)
    at = os.lstat(file).st_mtime_ns
    file.write_text("2")
    os.utime(file, ns=(at, at))
    assert look(repository.path, before).files["a"] != before.files["a"]


def test_a_file_appearing_in_an_empty_directory_is_seen(repository: Repository) -> None:
    (repository.path / "empty" / "deep").mkdir(parents=True)
    before = look(repository.path, None)
    (repository.path / "empty" / "deep" / "new").touch()
    assert "empty/deep/new" in look(repository.path, before).files


def test_an_ignored_file_that_is_added_by_force_is_seen(repository: Repository) -> None:
    (repository.path / "junk.o").touch()
    before = look(repository.path, None)
    repository.git("add", "--force", "junk.o")
    assert "junk.o" in look(repository.path, before).files


def test_a_settled_source_is_not_read_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = look(repository.path, None)
    while not before.is_settled:  # for one step of the clock
        before = look(repository.path, before)
    kept = sweep_from_json(before.to_json())
    monkeypatch.setattr("farm.workspace.sweep.identity", None)
    monkeypatch.setattr("farm.workspace.sweep.subprocess", None)
    assert look(repository.path, kept).files == before.files


def test_a_component_in_a_directory_has_only_that(repository: Repository) -> None:
    repository.commit(lib__x="1", **{"lib/.gitignore": "skip"})
    (repository.path / "lib" / "skip").touch()
    (repository.path / "lib" / "y.o").touch()
    before = look(repository.path / "lib", None)
    assert paths(before) == [".gitignore", "x"]
    (repository.path / ".gitignore").write_text("")
    assert "y.o" in look(repository.path / "lib", before).files


def test_submodules_are_named_and_left_out(repository: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    other.git("init", "-q")
    other.commit()
    repository.git("submodule", "--quiet", "add", str(other.path), "vendor")
    found = look(repository.path, None)
    assert found.submodules == ["vendor"]
    assert not any(path.startswith("vendor") for path in found.files)


def test_what_is_no_checkout_is_named(tmp_path: Path, repository: Repository) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(WorkspaceError, match="no sound git checkout"):
        look(tmp_path / "plain", None)
    with pytest.raises(WorkspaceError, match="directory is gone"):
        look(repository.path / "gone", None)
