"""The tables of the records. Buildbot's own tables are never touched.

Whoever changes them adds a step to `farm.records.migrations`.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

heads = Table(
    "heads",
    metadata,
    Column("channel", String(60), primary_key=True),
    Column("component", String(80), primary_key=True),
    Column("head", JSON, nullable=False),  # farm.heads.Head
)

builds = Table(
    "builds",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("component", String(80), nullable=False),
    Column("distro", String(40), nullable=False),
    Column("channel", String(60), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("outcome", String(10), nullable=False),  # running, built, failed, cancelled
    Column("source", Text, nullable=False),
    Column("rebuild", Integer, nullable=False),
    Column("upstream_version", Text, nullable=False),
    Column("attempt", Integer, nullable=False, default=0),  # number of the newest in `attempts`
    Column("attempts", Integer, nullable=False, default=0),  # how often the machinery failed
    Column("output_digest", String(64), nullable=False, default=""),
    Column("exposes", JSON(none_as_null=True)),  # components; NULL: not known
    Column("phase", Text, nullable=False, default=""),
    Column("message", Text, nullable=False, default=""),
    Column("requested_at", Float, nullable=False),
    Column("started_at", Float, nullable=False, default=0.0),
    Column("finished_at", Float, nullable=False, default=0.0),
    # The big ones come last: SQLite reads a row up to the columns that are wanted.
    Column("reasons", JSON, nullable=False),
    Column("inputs", JSON, nullable=False),  # farm.plan.key.KeyInputs with dependencies
    Column("uses", JSON, nullable=False),  # dependency component -> build key of its packages
    Index("ix_builds_line", "channel", "distro", "component", "requested_at"),
    Index("ix_builds_generation", "channel", "distro", "generation", "component"),
    Index("ix_builds_version", "component", "distro", "upstream_version"),
    Index("ix_builds_outcome", "distro", "outcome", "finished_at"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("requested_at", Float, nullable=False),
    Column("began_at", Float, nullable=False, default=0.0),
    Column("finished_at", Float, nullable=False, default=0.0),
    Column("outcome", String(12), nullable=False),  # those of builds, interrupted
    Column("worker", Text, nullable=False, default=""),
    Column("message", Text, nullable=False, default=""),
)

# Bigger than all else of an attempt, and hardly ever read.
failures = Table(
    "failures",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),  # of the attempt
    Column("found", JSON, nullable=False),  # farm.failure.model.KeptFailure
)

views = Table(
    "views",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("component", String(80), nullable=False),
    Column("output_digest", String(64), nullable=False),
    Column("sees", JSON, nullable=False),  # dependency component -> digest of its view
)

generations = Table(
    "generations",
    metadata,
    Column("channel", String(60), primary_key=True),
    Column("distro", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("forced", JSON, nullable=False),  # component -> count
    Column("done", Boolean, nullable=False, default=False),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float, nullable=False, default=0.0),
)

# What a generation admits, and a snapshot holds, is nearly what the one before did: rows say what
# is so from `number` on.
generation_heads = Table(
    "generation_heads",
    metadata,
    Column("channel", String(60), primary_key=True),
    Column("distro", String(40), primary_key=True),
    Column("component", String(80), primary_key=True),
    Column("number", Integer, primary_key=True),  # of the generation
    Column("head", JSON(none_as_null=True)),  # farm.heads.Head; NULL: admitted no more
)

snapshot_builds = Table(
    "snapshot_builds",
    metadata,
    Column("channel", String(60), primary_key=True),
    Column("distro", String(40), primary_key=True),
    Column("component", String(80), primary_key=True),
    Column("number", Integer, primary_key=True),  # of the snapshot
    Column("wanted", String(64)),  # build key; NULL: not in it
    Column("content", String(64)),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("channel", String(60), primary_key=True),
    Column("distro", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("held_back", JSON, nullable=False),  # component -> why
    Column("generation", Integer, nullable=False),
    Column("published_at", Float, nullable=False),
)

forces = Table(
    "forces",
    metadata,
    Column("channel", String(60), primary_key=True),
    Column("distro", String(40), primary_key=True),
    Column("component", String(80), primary_key=True),
    Column("count", Integer, nullable=False),
)

force_log = Table(
    "force_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("channel", String(60), nullable=False),
    Column("distro", String(40), nullable=False),
    Column("component", String(80), nullable=False),
    Column("count", Integer, nullable=False),  # as in `forces`, after this one
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("branch", Text),  # what it was asked at, where that was not the channel's head
    Column("commit", Text),
    Column("at", Float, nullable=False),
    # One row for a count, whoever writes it twice.
    UniqueConstraint("channel", "distro", "component", "count", name="uq_force_log_count"),
)

forced_heads = Table(
    "forced_heads",
    metadata,
    Column("channel", String(60), primary_key=True),
    Column("distro", String(40), primary_key=True),
    Column("component", String(80), primary_key=True),
    Column("head", JSON, nullable=False),  # farm.heads.Head
)

topics = Table(
    "topics",
    metadata,
    Column("name", String(60), primary_key=True),  # of the channel
    Column("kind", String(10), nullable=False),  # topic, pull
    Column("branch", Text, nullable=False),
    Column("base", String(60), nullable=False),  # channel that it differs from
    Column("heads", JSON, nullable=False),  # component -> farm.heads.Head, as the base had it
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("component", String(80), nullable=False, default=""),  # of a pull request
    Column("commit", String(64), nullable=False, default=""),  # of a pull request
    Column("number", Integer, nullable=False, default=0),  # of a pull request
    Column("verdict", Text, nullable=False, default=""),
    Column("created_at", Float, nullable=False),
    Column("refreshed_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("deleted_at", Float, nullable=False, default=0.0),
)
