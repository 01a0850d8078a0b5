"""Topics and pull requests: what they are, and how they stand on every distro."""

from __future__ import annotations

from farm.plan.planner import State
from farm.records.rows import Topic
from farm.records.store import LineId
from farm.topics import BadTopic, topic_channel, verdict_of
from www.api.answers.known import Known, unknown
from www.api.asked import TopicsQuery
from www.api.model import TopicOnLine, TopicPage, Topics
from www.api.problem import bad_request, not_found


def topics(known: Known, asked: TopicsQuery) -> Topics:
    """A page of them, the newest first."""
    everything = known.farm.records.topics.values()
    found = [topic for topic in everything if asked.kind in ("", topic.kind)]
    found.sort(key=lambda topic: -topic.created_at)
    shown = found[asked.offset : asked.offset + asked.limit]
    return Topics(topics=[page(known, topic) for topic in shown], found=len(found))


def topic(known: Known, name: str) -> TopicPage:
    """One topic or pull request, by its channel; a topic also without the prefix.

    :raises Problem: there is none.
    """
    return page(known, named(known, name))


def named(known: Known, name: str) -> Topic:
    """The topic of that name.

    :raises Problem: there is none.
    """
    topics = known.farm.records.topics
    if name in topics:
        return topics[name]
    try:
        channel = topic_channel(name)
    except BadTopic as error:
        raise bad_request(str(error)) from error
    if channel not in topics:
        raise not_found(unknown("topic", name, [one.removeprefix("topic-") for one in topics]))
    return topics[channel]


def page(known: Known, topic: Topic) -> TopicPage:
    """All that is to be said of a topic."""
    places = [line for line in known.farm.lines if line[0] == topic.name]
    return TopicPage(
        name=topic.name,
        kind=topic.kind,
        branch=topic.branch,
        base=topic.base,
        reason=topic.reason,
        who=topic.who,
        created_at=topic.created_at,
        refreshed_at=topic.refreshed_at,
        expires_at=topic.expires_at,
        components=list(known.farm.wishes.changed(topic)),
        commit=topic.commit,
        number=topic.number,
        lines=[_on_line(known, topic, place) for place in places],
    )


def _on_line(known: Known, topic: Topic, place: LineId) -> TopicOnLine:
    state = known.farm.line(place)
    base = known.farm.line((topic.base, place[1])).plan.nodes
    broken = {name for name, node in base.items() if node.state is State.FAILED}
    changed = known.farm.wishes.changed(topic)
    verdict = verdict_of(changed, state.graph, state.plan.nodes, broken)
    snapshot = known.snapshot(place)
    return TopicOnLine(
        distro=place[1],
        state=known.busy(place),
        counts=known.counts(place),
        verdict=verdict.state,
        description=verdict.description,
        archive=known.archive(place),
        snapshot=snapshot.number if snapshot else None,
    )
