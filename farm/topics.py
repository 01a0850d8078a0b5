"""Topics and pull requests: channels that people make, beside those of components.yml.

A topic takes one branch of every component that has it, and the rest as its base channel had it
when the topic was made or refreshed. A pull request is the same for one commit of one component; it
is built and never published.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from farm.errors import FarmError
from farm.heads import Head
from farm.model import Channel
from farm.model.names import Branch, ChannelName
from farm.plan.line_plan import LineGraph
from farm.plan.planner import Node, State
from farm.records.rows import Topic

TOPIC, PULL = "topic", "pull"
"""Kinds of topics."""
DEFAULT_DAYS = 14
DAY_S = 86_400.0
_PREFIX = {TOPIC: "topic-", PULL: "pr-"}
_MAX_DAYS = 365
_NAMED = 5
_branch: TypeAdapter[str] = TypeAdapter(Branch)
_channel: TypeAdapter[str] = TypeAdapter(ChannelName)


class BadTopic(FarmError):
    """A topic that cannot be made, or is not there."""

    exit_code = 2


def topic_channel(name: str) -> str:
    """The channel of the topic of that name, given with or without its prefix.

    :raises BadTopic: the name cannot be one.
    """
    channel = _PREFIX[TOPIC] + name.removeprefix(_PREFIX[TOPIC])
    try:
        return _channel.validate_python(channel)
    except ValidationError as error:
        raise BadTopic(
            f"'{name}' cannot be a topic's name: expected a-z, 0-9, '.' and '-', such as migrate"
        ) from error


def pull_channel(component: str, number: int) -> str:
    """The channel of a pull request of a component's repository."""
    plain = re.sub(r"[^a-z0-9.-]+", "-", component)[:40]
    return f"{_PREFIX[PULL]}{plain}-{number}"


def checked_branch(branch: str) -> str:
    """The branch itself, which is one that git could have.

    :raises BadTopic: it is not.
    """
    try:
        return _branch.validate_python(branch)
    except ValidationError as error:
        raise BadTopic(f"'{branch}' is not a branch name that git allows") from error


def checked_days(days: float) -> float:
    """The days that a topic lives, which are neither too few nor too many.

    :raises BadTopic: they are.
    """
    if not 0 < days <= _MAX_DAYS:
        raise BadTopic(f"a topic lives more than 0 and at most {_MAX_DAYS} days, not {days:g}")
    return days


def channel_of(topic: Topic, base: Channel) -> Channel:
    """The channel that a topic adds to those of components.yml."""
    return Channel(name=topic.name, branch=topic.branch or None, distros=base.distros)


def pinned(base: str, heads: Mapping[tuple[str, str], Head]) -> dict[str, Head]:
    """What a topic takes from its base channel: component to its newest head there.

    :param heads: by channel and component.
    """
    return {component: head for (channel, component), head in heads.items() if channel == base}


def refreshed(topic: Topic, heads: Mapping[str, Head], days: float, now: float) -> Topic:
    """The topic on its base as it is now, to live so many days from now."""
    return replace(
        topic, heads=dict(heads), refreshed_at=now, expires_at=now + checked_days(days) * DAY_S
    )


def expired(topics: Iterable[Topic], now: float) -> list[Topic]:
    """Topics whose time is over."""
    return [topic for topic in topics if topic.expires_at <= now]


@dataclass(frozen=True)
class Verdict:
    """What a line says of a pull request."""

    state: str
    """``pending``, ``success`` or ``failure``: GitHub's words for a commit's status."""
    description: str


def verdict_of(
    changed: Collection[str],
    graph: LineGraph,
    nodes: Mapping[str, Node],
    broken: Collection[str] = (),
) -> Verdict:
    """Whether changes to components are good for them and for all that is built with them.

    :param changed: the components that the pull request has commits for.
    :param broken: components that do not build without it either, which is not its fault.
    """
    concerned = sorted(graph.with_dependents(changed), key=graph.position.__getitem__)
    if not concerned:
        return Verdict("success", "nothing that is built here is changed")
    states = {name: nodes[name].state for name in concerned}
    left = [name for name, state in states.items() if not state.settled]
    failed = [n for n, s in states.items() if s is State.FAILED and n not in broken]
    said = f"{_few(failed)} failed" if failed else ""
    if left:
        to_go = f"{len(left)} of {len(concerned)} builds to go"
        return Verdict("pending", f"{to_go}; {said}" if said else to_go)
    if said:
        return Verdict("failure", said)
    built = [name for name, state in states.items() if state is State.BUILT]
    blocked = sorted(set(changed) & set(concerned) - set(built) - set(broken))
    if blocked:
        return Verdict("failure", f"{_few(blocked)} could not be built: a dependency is broken")
    also = len(built) - len(set(changed) & set(built))
    more = f" and {also} of what depends on it" if also else ""
    return Verdict("success", f"built {_few([n for n in built if n in changed])}{more}")


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (
        f" and {len(names) - _NAMED} more" if names[_NAMED:] else ""
    )
