"""GitHub's hook, which also says when a pull request is closed."""

from __future__ import annotations

from typing import Any

from buildbot.util.twisted import async_to_deferred
from buildbot.www.hooks.github import GitHubEventHandler

CLOSED = "pull-closed"
"""Category of the change that stands for the end of a pull request."""


class PullRequestHandler(GitHubEventHandler):
    """As Buildbot's, which ignores a pull request's end: what is built for it would go on."""

    @async_to_deferred
    async def handle_pull_request(
        self, payload: dict[str, Any], event: str
    ) -> tuple[list[dict[str, Any]], str]:
        """A change for each pull request that is opened, gets another commit, or is closed."""
        if payload.get("action") != "closed":
            opened: tuple[list[dict[str, Any]], str] = await super().handle_pull_request(
                payload, event
            )
            return opened
        changes, vcs = await super().handle_pull_request({**payload, "action": "reopened"}, event)
        return [{**change, "category": CLOSED} for change in changes], vcs
