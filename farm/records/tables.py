"""The tables of the records. Buildbot's own tables are never touched."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Integer, MetaData, String, Table, Text

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
    Column("component", String(80), nullable=False, index=True),
    Column("distro", String(40), nullable=False),
    Column("channel", String(60), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("outcome", String(10), nullable=False),  # running, built, failed
    Column("source", String(100), nullable=False),
    Column("rebuild", Integer, nullable=False),
    Column("upstream_version", String(200), nullable=False),
    Column("inputs", JSON, nullable=False),  # farm.plan.key.KeyInputs with dependencies
    Column("uses", JSON, nullable=False),  # dependency component -> build key of its packages
    Column("reasons", JSON, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("output_digest", String(64), nullable=False, default=""),
    Column("phase", String(40), nullable=False, default=""),
    Column("message", Text, nullable=False, default=""),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float, nullable=False, default=0.0),
)

generations = Table(
    "generations",
    metadata,
    Column("channel", String(60), primary_key=True),
    Column("distro", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("admitted", JSON, nullable=False),  # component -> farm.heads.Head
    Column("forced", JSON, nullable=False),  # component -> count
    Column("done", Boolean, nullable=False, default=False),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float, nullable=False, default=0.0),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("channel", String(60), primary_key=True),
    Column("distro", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("wanted", JSON, nullable=False),  # component -> build key
    Column("content", JSON, nullable=False),  # component -> build key
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
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
)
