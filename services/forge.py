"""Verdicts on pull requests, told to the forge: GitHub's commit statuses."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import requests
from twisted.internet import threads
from twisted.logger import Logger

from farm.site import Site
from farm.topics import Verdict

TOKEN = "github"  # noqa: S105 - the name of a secret
TIMEOUT_S = 20.0
DESCRIPTION = 140
"""Characters of a description that GitHub takes."""

_log = Logger()


@dataclass(frozen=True)
class Status:
    """What is said of a commit."""

    repository: str
    """Clone URL."""
    commit: str
    context: str
    """Whose verdict it is: one line of the farm."""
    url: str
    """Where there is more to read."""
    verdict: Verdict


def status_url(api: str, status: Status) -> str:
    """Where GitHub's interface takes the status of a commit (REST, "commit statuses")."""
    path = urlsplit(status.repository).path if "://" in status.repository else ""
    path = path or status.repository.rpartition(":")[2]
    owner_and_name = "/".join(path.strip("/").removesuffix(".git").split("/")[-2:])
    return f"{api.rstrip('/')}/repos/{quote(owner_and_name)}/statuses/{status.commit}"


class Forge:
    """Says every verdict once, and again until the forge has heard it."""

    def __init__(self, site: Site):
        self._site = site
        self._said: dict[tuple[str, str], Verdict] = {}
        self._saying: set[tuple[str, str]] = set()

    async def say(self, status: Status) -> None:
        """Tell the forge, unless it knows; what fails is said again the next time."""
        place = (status.commit, status.context)
        token = self._site.token(TOKEN)
        verdict = status.verdict
        if verdict.state == "pending":
            # Each build that ends would be another status otherwise.
            verdict = Verdict(verdict.state, "building")
        if not token or place in self._saying or self._said.get(place) == verdict:
            return
        self._saying.add(place)
        try:
            await threads.deferToThread(_post, self._site.github_api, token, status, verdict)
            self._said[place] = verdict
        except requests.RequestException as error:
            _log.warn(
                "the forge did not take the status of {commit}: {error}",
                commit=status.commit[:12],
                error=error,
            )
        finally:
            self._saying.discard(place)


def _post(api: str, token: str, status: Status, verdict: Verdict) -> None:
    answer = requests.post(
        status_url(api, status),
        json={
            "state": verdict.state,
            "description": verdict.description[:DESCRIPTION],
            "context": status.context,
            "target_url": status.url,
        },
        headers={"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
        timeout=TIMEOUT_S,
    )
    answer.raise_for_status()
