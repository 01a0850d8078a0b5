"""What forges are told of the commits that ordinary lines build."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from farm.generations import Farm
from farm.notices.looking import admitted_head, is_verdict
from farm.notices.settings import ForgeSettings, Notices
from farm.plan.planner import Node, State
from farm.records.rows import LineId
from farm.topics import Verdict

PENDING = "pending"


def host_of(repository: str) -> str:
    """The host of a clone URL, in lower case; empty for a path."""
    if "://" in repository:
        return (urlsplit(repository).hostname or "").lower()
    return repository.partition(":")[0].rpartition("@")[2].lower() if ":" in repository else ""


def forge_of(settings: Notices | None, repository: str) -> ForgeSettings | None:
    """The forge that a repository is at, None if it is to be told nothing."""
    host = host_of(repository)
    forges = settings.forges if settings else ()
    return next((one for one in forges if one.host.lower() == host), None)


def verdict_on(farm: Farm, node: Node) -> Verdict:
    """What a component's node says of its commit."""
    match node.state:
        case State.BUILT:
            return Verdict("success", "builds")
        case State.FAILED if is_verdict(farm, node):
            build = farm.records.builds[node.key]
            return Verdict("failure", f"{build.phase}: {build.message}".removeprefix(": "))
        case State.WAITING | State.BLOCKED:
            return Verdict(PENDING, f"waits for {', '.join(node.waits_for) or 'a commit'}"[:120])
    return Verdict(PENDING, "building")


class Changed:
    """Finds what the plan says differently of each component since the last time."""

    def __init__(self) -> None:
        self._seen: dict[LineId, dict[str, Node]] = {}

    def on(self, farm: Farm, line: LineId) -> Iterator[tuple[str, str, Verdict]]:
        """Component, commit and verdict of all that differs; at first of everything."""
        nodes = farm.line(line).plan.nodes
        seen = self._seen.setdefault(line, {})
        for name in [name for name, node in nodes.items() if seen.get(name) is not node]:
            seen[name] = nodes[name]
            head = admitted_head(farm, line, name)
            if head is not None:
                yield name, head.commit, verdict_on(farm, nodes[name])


def worth_saying(said: tuple[str, str] | None, commit: str, state: str) -> bool:
    """Whether a forge is to hear of a state.

    That a commit with a verdict is built again, since something below it changed, is no news.

    :param said: commit and state that it heard last.
    """
    if said is None or said[0] != commit:
        return True
    return state not in (said[1], PENDING)
