"""A stand-in for GitHub: its interface as far as the farm uses it, and its signed hooks."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.farms import TestFarm
from tests.http_server import Silent, serving

TOKEN = "a-token-of-the-farm"  # noqa: S105 - the stand-in takes no other
_STATUS = re.compile(r"/repos/(?P<repository>[^/]+/[^/]+)/statuses/(?P<commit>[0-9a-f]{40})")


@dataclass
class GitHub:
    """What was said to it."""

    url: str = ""
    statuses: list[dict[str, Any]] = field(default_factory=list)
    refuse: int = 0
    """So many of the next statuses are answered with an error."""

    def said(self, commit: str) -> list[tuple[str, str]]:
        """Context and state of what was said of a commit, in order."""
        return [(one["context"], one["state"]) for one in self.statuses if one["commit"] == commit]

    def take(self, path: str, body: dict[str, Any], token: str) -> int:
        """Take a status; return what is answered."""
        match = _STATUS.fullmatch(path)
        if match is None:
            return 404
        if token != f"Bearer {TOKEN}":
            return 401
        if self.refuse:
            self.refuse -= 1
            return 502
        self.statuses.append({**body, **match.groupdict()})
        return 201


@contextmanager
def github() -> Iterator[GitHub]:
    """Run it."""
    hub = GitHub()

    class Handler(Silent):
        def do_GET(self) -> None:
            answers = {"commits": {"commit": {"message": "A change"}}, "pulls": []}
            self.reply_json(200, answers[self.path.split("/")[4]])

        def do_POST(self) -> None:
            body = json.loads(self.content())
            self.reply_json(hub.take(self.path, body, self.headers.get("Authorization", "")), {})

    with serving(Handler) as hub.url:
        yield hub


def post_signed(farm: TestFarm, event: str, payload: dict[str, Any]) -> int:
    """Send a hook as GitHub does; return the HTTP status."""
    text = json.dumps(payload).encode()
    secret = (farm.state / "secrets" / "hook-github").read_text().strip()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-Hub-Signature": f"sha1={hmac.new(secret.encode(), text, 'sha1').hexdigest()}",
    }
    return farm.post_hook("github", data=text, headers=headers).status_code


def pull_request(
    farm: TestFarm, component: str, number: int, commit: str, action: str = "opened"
) -> int:
    """Tell the farm of a pull request; return the HTTP status."""
    url = farm.stack["components"][component]["git"]
    full_name = f"git/{component}"
    return post_signed(
        farm,
        "pull_request",
        {
            "action": action,
            "number": number,
            "pull_request": {
                "base": {"ref": "main", "repo": {"full_name": full_name}},
                "head": {"sha": commit},
                "commits": 1,
                "title": f"Change {component}",
                "body": "Please",
                "created_at": "2026-01-01T00:00:00Z",
                "_links": {"html": {"href": f"https://forge.example.org/pull/{number}"}},
            },
            "repository": {"html_url": url, "full_name": full_name, "name": component},
            "sender": {"login": "stranger"},
        },
    )
