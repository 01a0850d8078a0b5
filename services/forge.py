"""Verdicts on commits, told to the forge: GitHub's, GitLab's and Gitea's commit statuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from twisted.internet import threads
from twisted.logger import Logger

from farm.notices.settings import ForgeKind
from farm.notices.statuses import forge_of
from farm.site import Site
from farm.topics import Verdict

TOKEN = "github"  # noqa: S105 - the name of a secret
TIMEOUT_S = 20.0
DESCRIPTION = 140
"""Characters of a description that GitHub takes; the others take more."""

_GITLAB = {"failure": "failed"}
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


@dataclass(frozen=True)
class Target:
    """The interface of a forge."""

    kind: ForgeKind
    api: str
    token: str


def path_of(repository: str) -> str:
    """Owner and name in a clone URL, with all groups above them."""
    path = urlsplit(repository).path if "://" in repository else ""
    path = path or repository.rpartition(":")[2]
    return path.strip("/").removesuffix(".git")


def status_url(kind: ForgeKind, api: str, status: Status) -> str:
    """Where a forge takes the status of a commit (REST: "commit statuses", of all three)."""
    path = path_of(status.repository)
    if kind == "gitlab":
        return f"{api.rstrip('/')}/projects/{quote(path, safe='')}/statuses/{status.commit}"
    owner_and_name = "/".join(path.split("/")[-2:])
    return f"{api.rstrip('/')}/repos/{quote(owner_and_name)}/statuses/{status.commit}"


def status_body(kind: ForgeKind, status: Status) -> dict[str, str]:
    """What a forge is sent."""
    state = status.verdict.state
    return {
        "state": _GITLAB.get(state, state) if kind == "gitlab" else state,
        "description": status.verdict.description[:DESCRIPTION],
        "context": status.context,
        "target_url": status.url,
    }


def headers_for(target: Target) -> dict[str, str]:
    """How a forge is shown the token."""
    match target.kind:
        case "gitlab":
            return {"PRIVATE-TOKEN": target.token}
        case "gitea":
            return {"Authorization": f"token {target.token}"}
        case _:
            accept = "application/vnd.github+json"
            return {"Authorization": f"Bearer {target.token}", "Accept": accept}


def target_of(site: Site, repository: str) -> Target | None:
    """The forge of a repository, by the `forges` of the site; None without one that has a token."""
    forge = forge_of(site.notices, repository)
    token = site.token(forge.token) if forge else ""
    return Target(forge.kind, forge.api_url, token) if forge and token else None


async def post(target: Target, status: Status) -> None:
    """Tell a forge.

    :raises requests.RequestException: it does not take it.
    """
    await threads.deferToThread(_post, target, status)


class Forge:
    """Says every verdict on pull requests once, and again until the forge has heard it."""

    def __init__(self, site: Site):
        self._site = site
        self._said: dict[tuple[str, str], Verdict] = {}
        self._saying: set[tuple[str, str]] = set()

    async def say(self, status: Status) -> None:
        """Tell the forge, unless it knows; what fails is said again the next time."""
        place = (status.commit, status.context)
        target = target_of(self._site, status.repository)
        if target is None and (token := self._site.token(TOKEN)):
            target = Target("github", self._site.github_api, token)
        verdict = status.verdict
        if verdict.state == "pending":
            # Each build that ends would be another status otherwise.
            verdict = Verdict(verdict.state, "building")
        if target is None or place in self._saying or self._said.get(place) == verdict:
            return
        self._saying.add(place)
        try:
            told = Status(status.repository, *place, status.url, verdict)
            await post(target, told)
            self._said[place] = verdict
        except requests.RequestException as error:
            _log.warn(
                "the forge did not take the status of {commit}: {error}",
                commit=status.commit[:12],
                error=error,
            )
        finally:
            self._saying.discard(place)


def _post(target: Target, status: Status) -> None:
    body: dict[str, Any] = status_body(target.kind, status)
    answer = requests.post(
        status_url(target.kind, target.api, status),
        json=body,
        headers=headers_for(target),
        timeout=TIMEOUT_S,
    )
    # GitLab says so when the state is what it was before.
    if answer.status_code == 400 and "Cannot transition status" in answer.text:
        return
    answer.raise_for_status()
