"""Pushing a topic's branch of every component that has it checked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from farm.workspace.checkouts import Checkout
from farm.workspace.developer_git import DeveloperGit
from farm.workspace.errors import WorkspaceError
from farm.workspace.standing import CheckoutState, checkout_state


@dataclass(frozen=True)
class Push:
    """A checkout whose branch goes to its repository."""

    checkout: Checkout
    commit: str
    warning: str = ""


def chosen_pushes(states: Mapping[Checkout, CheckoutState], branch: str) -> list[Push]:
    """The checkouts that are on the topic's branch.

    :param states: of every checkout that there is.
    :raises WorkspaceError: none of them is on it, or one is in the middle of something.
    """
    pushes = []
    for checkout, state in states.items():
        if state.branch != branch:
            continue
        if state.unfinished:
            raise WorkspaceError(
                f"{checkout.name}: {state.unfinished} is in progress: end it first"
            )
        changed = state.modified + state.untracked
        left = f"{changed} uncommitted files are not pushed" if changed else ""
        pushes.append(Push(checkout, state.commit, left))
    if not pushes:
        others = sorted({state.branch for state in states.values() if state.branch})
        seen = f" (they are on {', '.join(others[:5])})" if others else ""
        raise WorkspaceError(
            f"no checkout of this workspace is on branch {branch}{seen}: run "
            f"`git switch -c {branch}` in the components that you change"
        )
    return pushes


def read_states(
    git: DeveloperGit, checkouts: Mapping[str, Checkout]
) -> dict[Checkout, CheckoutState]:
    """How every checkout that is there stands."""
    there = {one.name: one for one in checkouts.values() if one.exists}
    return {one: checkout_state(git, one.path) for one in there.values()}


def push(
    git: DeveloperGit, pushes: list[Push], branch: str, *, force: bool, say: Callable[[str], None]
) -> None:
    """Push a branch of every checkout.

    :param force: also where the remote branch has other commits, unless they are not known here.
    :raises GitFailed: a repository does not take it.
    """
    for one in pushes:
        more = ("--force-with-lease",) if force else ()
        reference = f"refs/heads/{branch}:refs/heads/{branch}"
        git.do("push", *more, "--set-upstream", "origin", reference, cwd=one.checkout.path)
        warning = f" ({one.warning})" if one.warning else ""
        say(f"{one.checkout.name}: pushed {branch} at {one.commit[:12]}{warning}")
