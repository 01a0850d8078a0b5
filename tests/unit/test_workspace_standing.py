"""What sync may do with a checkout, and what git's own files say of it."""

from pathlib import Path

import pytest

from farm.workspace.git_files import Refs, read_refs
from farm.workspace.standing import CheckoutState, decide, parse_status
from tests.repositories import Repository

CLEAN = CheckoutState("main", "a" * 40, "origin/main")


def state(**fields: object) -> CheckoutState:
    return CheckoutState(**{**vars(CLEAN), **fields})  # type: ignore[arg-type]


def test_only_a_clean_branch_that_is_behind_moves() -> None:
    assert decide(state(behind=2)).forward
    assert not decide(CLEAN).forward
    assert decide(state(behind=2, untracked=3)).forward


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"behind": 1, "ahead": 2}, "diverged"),
        ({"behind": 1, "modified": 1}, "1 file is modified"),
        ({"branch": ""}, "detached"),
        ({"upstream": ""}, "no upstream"),
        ({"gone": True}, "origin/main does not exist any more"),
        ({"unfinished": "a rebase", "behind": 1}, "a rebase is in progress"),
    ],
)
def test_work_is_left_alone_and_the_reason_said(fields: dict[str, object], said: str) -> None:
    advance = decide(state(**fields))
    assert not advance.forward
    assert said in advance.left


def test_a_branch_that_is_only_ahead_is_nothing_to_speak_of() -> None:
    assert decide(state(ahead=3)).left == ""


def test_status_is_read_from_porcelain() -> None:
    printed = (
        "# branch.oid 1111111111111111111111111111111111111111\n# branch.head topic\n"
        "# branch.upstream origin/topic\n# branch.ab +1 -2\n"
        "1 .M N... 100644 100644 100644 1 1 a.c\nu UU N... 1 2 3 4 5 6 7 b.c\n? new.c\n"
    )
    read = parse_status(printed)
    assert (read.ahead, read.behind, read.modified, read.untracked) == (1, 2, 2, 1)
    assert read.summary == "topic, 1 ahead, 2 behind, 2 modified, 1 untracked"


def test_an_upstream_without_counts_is_gone() -> None:
    printed = "# branch.oid 1\n# branch.head main\n# branch.upstream origin/main\n"
    assert parse_status(printed).gone


def test_refs_are_read_without_git(tmp_path: Path) -> None:
    upstream = Repository(tmp_path / "up")
    upstream.git("init", "-q", "-b", "main")
    commit = upstream.commit()
    upstream.git("clone", "-q", str(upstream.path), str(tmp_path / "here"))
    here = Repository(tmp_path / "here")
    expected = Refs("main", commit, commit, str(upstream.path))
    assert read_refs(here.path) == expected
    here.git("pack-refs", "--all")
    assert read_refs(here.path) == expected
    here.git("checkout", "-q", "--detach")
    assert read_refs(here.path) == Refs("", commit, "", str(upstream.path))


def test_an_unusual_checkout_is_left_to_git(tmp_path: Path) -> None:
    upstream = Repository(tmp_path / "up")
    upstream.git("init", "-q", "-b", "main")
    assert read_refs(upstream.path) is None  # no commit yet
    upstream.commit()
    upstream.git("worktree", "add", "-q", str(tmp_path / "tree"))
    assert read_refs(tmp_path / "tree") is None
    assert read_refs(tmp_path / "nothing") is None
