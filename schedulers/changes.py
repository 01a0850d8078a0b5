"""Where changes come from: a poller per repository, and change hooks with a password."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from buildbot.plugins import changes
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse

from farm.model import Stack
from farm.site import Site
from schedulers.topics import PullRequest
from services.forge import TOKEN
from services.github import CLOSED, PullRequestHandler

HOOK_USER = "hook"


def pollers(site: Site, stack: Stack) -> list[changes.GitPoller]:
    """One poller per repository. What it finds is only a hint: the heads are read from git."""
    if not site.poll_interval_s:
        return []
    return [
        changes.GitPoller(
            repourl=url,
            name=f"poll {url}",
            # A topic can follow any branch.
            branches=True,
            # Pollers that share a directory run into each other's locks.
            workdir=str(site.state / "pollers" / hashlib.sha256(url.encode()).hexdigest()[:16]),
            pollInterval=site.poll_interval_s,
            pollRandomDelayMax=min(10, site.poll_interval_s // 4),
            # A branch that is moved to a commit another branch has is news too.
            buildPushesWithNoCommits=True,
        )
        for url in sorted({component.git for component in stack.components.values()})
    ]


_PULL = re.compile(r"refs/pull/(\d{1,9})/(?:head|merge)")


def pull_request_of(change: Any) -> PullRequest | None:
    """The pull request that a change of GitHub's hook is about; None for a push."""
    match = _PULL.fullmatch(change.branch or "")
    if change.category not in ("pull", CLOSED) or match is None:
        return None
    lines = str(change.comments).splitlines()
    return PullRequest(
        repository=change.repository,
        number=int(match[1]),
        commit=str(change.revision),
        branch=str(change.properties.getProperty("basename")),
        title=lines[1] if len(lines) > 1 else "",
        who=str(change.who),
        closed=change.category == CLOSED,
    )


def hook_dialects(site: Site) -> dict[str, Any]:
    """The change hooks of the site; every one of them checks a secret of its own if it can."""
    dialects: dict[str, Any] = {
        "github": {
            "class": PullRequestHandler,
            "secret": site.secret("hook-github"),
            "strict": True,
            "pullrequest_ref": "head",
            "github_api_endpoint": site.github_api,
            "token": site.token(TOKEN) or None,
        },
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
