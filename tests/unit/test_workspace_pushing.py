"""Which checkouts go to their repositories when a topic is pushed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from farm.workspace.checkouts import Checkout
from farm.workspace.developer_git import GitFailed
from farm.workspace.errors import WorkspaceError
from farm.workspace.pushing import chosen_pushes, push, read_states
from farm.workspace.standing import CheckoutState
from tests.workspaces import World


def checkout(name: str) -> Checkout:
    return Checkout(Path("/ws") / name, f"https://git.example.org/{name}.git", "", (name,))


def state(branch: str, **fields: Any) -> CheckoutState:
    return CheckoutState(branch=branch, commit="c" * 40, upstream="", **fields)


def test_what_is_on_the_branch_is_pushed_and_uncommitted_work_is_named() -> None:
    states = {
        checkout("ogg"): state("migrate", modified=1, untracked=1),
        checkout("vorbis"): state("main"),
        checkout("theora"): state("migrate"),
    }
    pushes = chosen_pushes(states, "migrate")
    assert [(one.checkout.name, one.warning) for one in pushes] == [
        ("ogg", "2 uncommitted files are not pushed"),
        ("theora", ""),
    ]


def test_nothing_to_push_says_how_to_begin() -> None:
    states = {checkout("ogg"): state("main"), checkout("vorbis"): state("")}
    with pytest.raises(WorkspaceError, match=r"they are on main.*git switch -c migrate"):
        chosen_pushes(states, "migrate")
    with pytest.raises(WorkspaceError, match="ogg: a rebase is in progress"):
        chosen_pushes({checkout("ogg"): state("migrate", unfinished="a rebase")}, "migrate")


def test_branches_get_to_the_repositories_and_rewritten_ones_only_by_force(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    upstream = world.component("ogg")
    upstream.commit("First")
    workspace = world.workspace()
    ogg = workspace.checkouts["ogg"]
    workspace.git.do("clone", "-q", ogg.git, str(ogg.path))
    workspace.git.do("switch", "-q", "-c", "migrate", cwd=ogg.path)
    said: list[str] = []

    def pushed(*, force: bool) -> None:
        states = read_states(workspace.git, workspace.checkouts)
        push(
            workspace.git, chosen_pushes(states, "migrate"), "migrate", force=force, say=said.append
        )

    def commit(message: str, *options: str) -> str:
        workspace.git.do("commit", "-q", "--allow-empty", "-m", message, *options, cwd=ogg.path)
        return workspace.git.read("rev-parse", "HEAD", cwd=ogg.path).strip()

    first = commit("Change")
    pushed(force=False)
    assert upstream.git("rev-parse", "migrate") == first
    assert said == [f"ogg: pushed migrate at {first[:12]}"]
    second = commit("Change it otherwise", "--amend")
    with pytest.raises(GitFailed):
        pushed(force=False)
    pushed(force=True)
    assert upstream.git("rev-parse", "migrate") == second
