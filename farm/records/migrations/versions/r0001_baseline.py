"""The first tables: heads, builds, generations, snapshots, forces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "heads",
        sa.Column("channel", sa.String(60), primary_key=True),
        sa.Column("component", sa.String(80), primary_key=True),
        sa.Column("head", sa.JSON, nullable=False),
    )
    op.create_table(
        "builds",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("component", sa.String(80), nullable=False, index=True),
        sa.Column("distro", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(60), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("rebuild", sa.Integer, nullable=False),
        sa.Column("upstream_version", sa.String(200), nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("uses", sa.JSON, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("output_digest", sa.String(64), nullable=False),
        sa.Column("phase", sa.String(40), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float, nullable=False),
    )
    op.create_table(
        "generations",
        sa.Column("channel", sa.String(60), primary_key=True),
        sa.Column("distro", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("admitted", sa.JSON, nullable=False),
        sa.Column("forced", sa.JSON, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float, nullable=False),
    )
    op.create_table(
        "snapshots",
        sa.Column("channel", sa.String(60), primary_key=True),
        sa.Column("distro", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("wanted", sa.JSON, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("held_back", sa.JSON, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("published_at", sa.Float, nullable=False),
    )
    op.create_table(
        "forces",
        sa.Column("channel", sa.String(60), primary_key=True),
        sa.Column("distro", sa.String(40), primary_key=True),
        sa.Column("component", sa.String(80), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
    )
