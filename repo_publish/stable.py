"""What a release's channel for fixes needs beside its archive: branches, and an entry in
components.yml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repo_publish.releases import STABLE, Released


@dataclass(frozen=True)
class StartOfBranch:
    """Where a repository's branch for fixes begins."""

    git: str
    branch: str
    commits: tuple[str, ...]
    """One; several where the release has several components, or distros, at different commits."""

    @property
    def command(self) -> str:
        """What makes the branch, typed in a clone of the repository."""
        return f"git push {self.git} {self.commits[0]}:refs/heads/{self.branch}"


def starts_of_branches(released: Sequence[Released]) -> tuple[StartOfBranch, ...]:
    """The branches that a release's components need, by repository."""
    commits: dict[str, set[str]] = {}
    for one in released:
        for component in one.manifest.components:
            if component.git:
                commits.setdefault(component.git, set()).add(component.commit)
    branch = f"{STABLE}{released[0].release}"
    return tuple(StartOfBranch(git, branch, tuple(sorted(commits[git]))) for git in sorted(commits))


def channel_text(released: Sequence[Released]) -> str:
    """The entry below ``channels:`` of components.yml.

    Every component is named: one without the branch is then not built, rather than built from
    the branch that development follows.
    """
    branch = f"{STABLE}{released[0].release}"
    names = sorted({c.component for one in released for c in one.manifest.components})
    distros = ", ".join(one.distro for one in released)
    lines = [f"  {branch}:", f"    distros: [{distros}]", "    branches:"]
    return "\n".join([*lines, *(f"      {name}: {branch}" for name in names)]) + "\n"
