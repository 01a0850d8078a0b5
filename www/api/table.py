"""The table of all routes."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

from farm.access.roles import Permission
from www.api import asked, edges, feed, metrics, model
from www.api.answers import components, generations, lines, matrix, news, topics, workers
from www.api.history_routes import HISTORY
from www.api.openapi import description
from www.api.routes import JSON, Route

SETTLES_S = 2.0

READS = (
    Route(
        "lines",
        "GET",
        "lines",
        "Lines in a few figures each",
        model.Lines,
        lambda r, q: lines.lines(r.known, q),
        asked.LinesQuery,
    ),
    Route(
        "line",
        "GET",
        "lines/{channel}/{distro}",
        "One line, component by component",
        model.Line,
        lambda r, q: lines.line(r.known, q),
        asked.LineQuery,
    ),
    Route(
        "feed",
        "GET",
        "lines/{channel}/{distro}/feed.atom",
        "What a line published, as an Atom feed",
        feed.MEDIA_TYPE,
        lambda r, q: feed.feed(r.known, q),
        asked.LineName,
    ),
    Route(
        "matrix",
        "GET",
        "matrix/{channel}",
        "A channel's components on every distro",
        model.Matrix,
        lambda r, q: matrix.matrix(r.known, q),
        asked.MatrixQuery,
        settles_s=SETTLES_S,
    ),
    Route(
        "troubles",
        "GET",
        "troubles",
        "What fails or is held back, the longest first",
        model.Troubles,
        lambda r, q: news.troubles(r.known, q),
        asked.TroublesQuery,
    ),
    Route(
        "publications",
        "GET",
        "publications",
        "What was published last",
        model.Publications,
        lambda r, q: news.publications(r.known, q),
        asked.NewsQuery,
        settles_s=SETTLES_S,
    ),
    Route(
        "pushes",
        "GET",
        "pushes",
        "The newest commits of components",
        model.Pushes,
        lambda r, q: news.pushes(r.known, q),
        asked.NewsQuery,
    ),
    Route(
        "workers",
        "GET",
        "workers",
        "The workers, and how busy they are",
        model.Workers,
        lambda r, _: workers.workers(r.source),
        kept=False,
    ),
    Route(
        "components",
        "GET",
        "components",
        "The components of components.yml",
        model.Components,
        lambda r, q: components.components(r.known, q),
        asked.ComponentsQuery,
    ),
    Route(
        "component",
        "GET",
        "components/{name}",
        "Everything about one component: its neighbours, how it stands, its builds with reasons",
        model.ComponentPage,
        lambda r, q: components.component(r.known, q),
        asked.ComponentQuery,
    ),
    Route(
        "generation",
        "GET",
        "generations/{channel}/{distro}",
        "A line's newest generation: what is done, runs and waits, and when it will be over",
        model.GenerationPage,
        lambda r, q: generations.generation(r.known, q),
        asked.GenerationQuery,
        timed=True,
    ),
    Route(
        "build",
        "GET",
        "builds/{key}",
        "One build: what went into it, every attempt, why it was made",
        model.BuildPage,
        lambda r, q: edges.build(r.source, q),
        asked.BuildName,
    ),
    *HISTORY,
    Route(
        "commit",
        "GET",
        "commits/{sha}",
        "Where a commit is: merged, built, published, or what holds it",
        model.CommitPage,
        lambda r, q: edges.commit(r.source, q),
        asked.CommitName,
    ),
    Route(
        "topics",
        "GET",
        "topics",
        "Topics and pull requests",
        model.Topics,
        lambda r, q: topics.topics(r.known, q),
        asked.TopicsQuery,
    ),
    Route(
        "topic",
        "GET",
        "topics/{name}",
        "One topic or pull request",
        model.TopicPage,
        lambda r, q: topics.topic(r.known, q.name),
        asked.TopicName,
    ),
    Route(
        "me",
        "GET",
        "me",
        "Who asks, and what they may do",
        model.Me,
        lambda r, _: edges.me(r.gate, r.identity),
        kept=False,
    ),
    Route(
        "audit",
        "GET",
        "audit",
        "Who asked the farm for what, the newest first",
        model.Audit,
        lambda r, q: edges.audit_log(r.gate, q),
        asked.AuditQuery,
        needs=Permission.ADMINISTER,
        kept=False,
    ),
    Route(
        "metrics",
        "GET",
        "metrics",
        "The farm in figures, for Prometheus",
        metrics.MEDIA_TYPE,
        lambda r, _: edges.figures(r.source),
        kept=False,
    ),
    Route(
        "openapi",
        "GET",
        "openapi.json",
        "This description",
        JSON,
        lambda r, _: _described(r.source.site.title),
    ),
)

WRITES = (
    Route(
        "topic create",
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
        "topic refresh",
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
        "topic delete",
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
        "force",
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
        "rebuild failed",
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


@cache
def _described(title: str) -> dict[str, Any]:
    return description(ROUTES, title)
