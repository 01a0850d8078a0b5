"""The addresses of what went wrong, what differs, and what is built with what."""

from __future__ import annotations

from www.api import history_edges
from www.api.answers import graphs, snapshots
from www.api.asked import BuildName
from www.api.asked_history import GraphQuery, LogQuery, RunsQuery, SnapshotQuery
from www.api.model.history import BuildJob, ComponentRuns, GraphPage, LogPart, SnapshotPage
from www.api.routes import Route

HISTORY = (
    Route(
        "log",
        "GET",
        "builds/{key}/log",
        "Lines of the log of a build that failed",
        LogPart,
        lambda r, q: history_edges.log_part(r.source, q),
        LogQuery,
        kept=False,
    ),
    Route(
        "job",
        "GET",
        "builds/{key}/job",
        "What a worker was told of a build, for building the same elsewhere",
        BuildJob,
        lambda r, q: history_edges.build_job(r.source, q),
        BuildName,
    ),
    Route(
        "graph",
        "GET",
        "components/{name}/graph",
        "What a component is built with and what is built with it, step by step",
        GraphPage,
        lambda r, q: graphs.graph(r.known, q.name, history_edges.line_of(r.known, q), q.depth),
        GraphQuery,
    ),
    Route(
        "runs",
        "GET",
        "components/{name}/runs",
        "How a component's builds on a line went: durations, phases, tests",
        ComponentRuns,
        lambda r, q: history_edges.component_runs(r.source, q),
        RunsQuery,
    ),
    Route(
        "snapshot",
        "GET",
        "snapshots/{channel}/{distro}",
        "What a line published, and what differs from the publication before",
        SnapshotPage,
        lambda r, q: snapshots.snapshot(r.known, r.known.line(q.channel, q.distro), q.number),
        SnapshotQuery,
    ),
)
