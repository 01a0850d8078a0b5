"""A topic followed from a developer's machine: made or refreshed, and watched until its verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from farm.client.api import FarmClient, FarmRefusal
from farm.errors import FarmError, InfrastructureError

POLL_S = 2.0
PATIENCE_S = 300.0
"""For a farm that does not answer: a master that restarts comes back."""
_NOT_FOUND = 404


def create_or_refresh(client: FarmClient, name: str, wishes: dict[str, Any]) -> dict[str, Any]:
    """Make a topic, or take the one that there is up again.

    :param wishes: as the interface has them: `branch`, `base`, `days`, `reason`.
    :raises FarmError: the farm refuses, or the topic is on another branch or base.
    """
    try:
        known = client.get("topics", name)
    except FarmRefusal as refusal:
        if refusal.status != _NOT_FOUND:
            raise
        return dict(client.post("topics", body={"name": name, **wishes}))
    for field in ("branch", "base"):
        if wishes[field] not in (None, known[field]):
            raise FarmError(
                f"there is a topic {known['name']} with {field} {known[field]}, not "
                f"{wishes[field]}: delete it, or choose another name"
            )
    return dict(client.post("topics", name, "refresh", body={"days": wishes["days"]}))


def is_settled(topic: dict[str, Any]) -> bool:
    """Whether the farm has nothing left to do for a topic."""
    return all(line["verdict"] != "pending" and line["state"] == "idle" for line in topic["lines"])


def watched(
    client: FarmClient,
    topic: dict[str, Any],
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """The topic once it is settled; what changes on the way is said.

    :raises FarmError: the topic is deleted meanwhile, or the farm does not answer for long.
    """
    said: dict[str, str] = {}
    silent_s = 0.0
    while True:
        for line in topic["lines"]:
            news = f"{line['distro']}: {line['state']}: {line['description']}"
            if said.get(line["distro"]) != news:
                said[line["distro"]] = news
                say(news)
        if is_settled(topic):
            return topic
        sleep(POLL_S)
        try:
            topic = client.get("topics", topic["name"])
            silent_s = 0.0
        except InfrastructureError:
            silent_s += POLL_S
            if silent_s >= PATIENCE_S:
                raise
