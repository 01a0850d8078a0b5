"""The table of all routes."""

from __future__ import annotations

from http import HTTPStatus

from farm.access.roles import Permission
from www.api import asked, model
from www.api.answers import lines, topics
from www.api.routes import Route

READS = (
    Route("GET", "lines", "Every line in a few figures", model.Lines, lambda k, _: lines.lines(k)),
    Route(
        "GET",
        "lines/{channel}/{distro}",
        "One line, component by component",
        model.Line,
        lines.line,
        asked.LineQuery,
    ),
    Route("GET", "topics", "Topics and pull requests", model.Topics, lambda k, _: topics.topics(k)),
    Route(
        "GET",
        "topics/{name}",
        "One topic or pull request",
        model.TopicPage,
        lambda k, q: topics.topic(k, q.name),
        asked.TopicName,
    ),
)

WRITES = (
    Route(
        "POST",
        "topics",
        "Make a topic: build a branch of every component that has it",
        model.TopicPage,
        lambda actor, _, body: actor.create_topic(body),
        body=asked.NewTopic,
        needs=Permission.TOPIC,
        status=HTTPStatus.CREATED,
        conflicts=True,
    ),
    Route(
        "POST",
        "topics/{name}/refresh",
        "Take a topic up again on the newest of its branch and its base",
        model.TopicPage,
        lambda actor, q, body: actor.refresh_topic(q.name, body),
        asked.TopicName,
        body=asked.Refresh,
        needs=Permission.TOPIC,
        conflicts=True,
    ),
    Route(
        "DELETE",
        "topics/{name}",
        "End a topic and withdraw its archives",
        model.TopicPage,
        lambda actor, q, _: actor.delete_topic(q.name),
        asked.TopicName,
        needs=Permission.TOPIC,
        conflicts=True,
    ),
    Route(
        "POST",
        "force",
        "Build components again",
        model.Forced,
        lambda actor, _, body: actor.force(body),
        body=asked.Force,
        needs=Permission.FORCE,
        status=HTTPStatus.ACCEPTED,
        conflicts=True,
    ),
    Route(
        "POST",
        "lines/{channel}/{distro}/rebuild-failed",
        "Build again what failed on a line",
        model.Forced,
        lambda actor, q, body: actor.rebuild_failed(q, body),
        asked.LineName,
        body=asked.Reason,
        needs=Permission.FORCE,
        status=HTTPStatus.ACCEPTED,
        conflicts=True,
    ),
)

ROUTES = READS + WRITES
