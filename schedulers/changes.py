"""Where changes come from: a poller per repository, and change hooks with a password."""

from __future__ import annotations

import hashlib
from typing import Any

from buildbot.plugins import changes
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse

from farm.model import Stack
from farm.site import Site
from farm.wishes import branch_of

HOOK_USER = "hook"


def pollers(site: Site, stack: Stack) -> list[changes.GitPoller]:
    """One poller per repository. What it finds is only a hint: the heads are read from git."""
    if not site.poll_interval_s:
        return []
    branches: dict[str, set[str | None]] = {}
    for component in stack.components.values():
        wanted = {branch_of(channel, component) for channel in stack.channels.values()}
        branches.setdefault(component.git, set()).update(wanted)
    return [
        changes.GitPoller(
            repourl=url,
            name=f"poll {url}",
            branches=_polled(wanted),
            # Pollers that share a directory run into each other's locks.
            workdir=str(site.state / "pollers" / hashlib.sha256(url.encode()).hexdigest()[:16]),
            pollInterval=site.poll_interval_s,
            pollRandomDelayMax=min(10, site.poll_interval_s // 4),
            # A branch that is moved to a commit another branch has is news too.
            buildPushesWithNoCommits=True,
        )
        for url, wanted in sorted(branches.items())
    ]


def _polled(wanted: set[str | None]) -> list[str] | bool | None:
    """GitPoller's way to say: the default branch (None), these branches, or all (True)."""
    if wanted == {None}:
        return None
    return True if None in wanted else sorted(branch for branch in wanted if branch)


def hook_dialects(site: Site) -> dict[str, Any]:
    """The change hooks of the site; every one of them checks a secret of its own if it can."""
    dialects: dict[str, Any] = {
        "github": {"secret": site.secret("hook-github"), "strict": True},
        "gitlab": {"secret": site.secret("hook-gitlab")},
        "gitea": {"secret": site.secret("hook-gitea"), "onlyIncludePushCommit": False},
        "bitbucket": True,
        "base": True,
    }
    chosen = {name: dialects[name] for name in site.hooks}
    if "bitbucket" in chosen:
        chosen["bitbucketcloud"] = {}
    return chosen


def hook_auth(site: Site) -> list[Any]:
    """HTTP basic authentication over all hooks: Bitbucket's and the base one check nothing else."""
    checker = InMemoryUsernamePasswordDatabaseDontUse()
    checker.addUser(HOOK_USER.encode(), site.secret("hook-password").encode())
    return [checker]
