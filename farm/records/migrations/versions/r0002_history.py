"""Attempts, views, a log of forces and topics; generations and snapshots as what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add and fill the new tables, then drop the columns that they replace."""
    _create_tables()
    _move_heads()
    _move_snapshots()
    _move_forces()
    _change_builds()


def _place(*more: sa.Column[Any]) -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("channel", sa.String(60), primary_key=True),
        sa.Column("distro", sa.String(40), primary_key=True),
        sa.Column("component", sa.String(80), primary_key=True),
        *more,
    )


def _create_tables() -> None:
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("requested_at", sa.Float, nullable=False),
        sa.Column("began_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float, nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_table(
        "views",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("component", sa.String(80), nullable=False),
        sa.Column("output_digest", sa.String(64), nullable=False),
        sa.Column("sees", sa.JSON, nullable=False),
    )
    number = sa.Column("number", sa.Integer, primary_key=True)
    op.create_table("generation_heads", *_place(number, sa.Column("head", sa.JSON)))
    number = sa.Column("number", sa.Integer, primary_key=True)
    keys = (sa.Column("wanted", sa.String(64)), sa.Column("content", sa.String(64)))
    op.create_table("snapshot_builds", *_place(number, *keys))
    op.create_table(
        "force_log",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("channel", sa.String(60), nullable=False),
        sa.Column("distro", sa.String(40), nullable=False),
        sa.Column("component", sa.String(80), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("branch", sa.Text),
        sa.Column("commit", sa.Text),
        sa.Column("at", sa.Float, nullable=False),
        sa.UniqueConstraint("channel", "distro", "component", "count", name="uq_force_log_count"),
    )
    op.create_table("forced_heads", *_place(sa.Column("head", sa.JSON, nullable=False)))
    op.create_table(
        "topics",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("base", sa.String(60), nullable=False),
        sa.Column("heads", sa.JSON, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("component", sa.String(80), nullable=False),
        sa.Column("commit", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("refreshed_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("deleted_at", sa.Float, nullable=False),
    )


def _move_heads() -> None:
    _move("generations", ("admitted",), "generation_heads", {"head": sa.JSON(none_as_null=True)})
    with op.batch_alter_table("generations") as batch:
        batch.drop_column("admitted")


def _move_snapshots() -> None:
    names = ("wanted", "content")
    _move("snapshots", names, "snapshot_builds", dict.fromkeys(names, sa.String()))
    with op.batch_alter_table("snapshots") as batch:
        for name in names:
            batch.drop_column(name)


def _move(
    source: str, names: Iterable[str], into: str, columns: Mapping[str, sa.types.TypeEngine[Any]]
) -> None:
    """Write what mappings of a table's rows change from one number of a line to the next.

    :param names: columns of mappings by component.
    :param columns: those that take their values, in the same order.
    """
    key = ("channel", "distro", "number")
    found = sa.table(source, *map(sa.column, key), *(sa.column(name, sa.JSON) for name in names))
    values = (sa.column(name, kind) for name, kind in columns.items())
    target = sa.table(into, *map(sa.column, (*key, "component")), *values)
    connection = op.get_bind()
    keys = [found.c[name] for name in key]
    line: tuple[str, str] | None = None
    before: Mapping[str, tuple[Any, ...]] = {}
    for row in connection.execute(sa.select(*keys).order_by(*keys)).mappings().all():
        if (row["channel"], row["distro"]) != line:
            line, before = (row["channel"], row["distro"]), {}
        same = (column == row[column.name] for column in keys)
        query = sa.select(*(found.c[name] for name in names)).where(*same)
        mappings = connection.execute(query).one()
        components = {component for mapping in mappings for component in mapping}
        now = {one: tuple(mapping.get(one) for mapping in mappings) for one in components}
        for one in before.keys() | components:
            new = now.get(one, (None,) * len(mappings))
            if new != before.get(one):
                changed = dict(zip(columns, new, strict=True))
                connection.execute(sa.insert(target).values(**row, component=one, **changed))
        before = now


def _move_forces() -> None:
    op.execute(
        "INSERT INTO force_log (channel, distro, component, count, reason, who, at)"
        " SELECT channel, distro, component, count, reason, who, 0.0 FROM forces"
    )
    with op.batch_alter_table("forces") as batch:
        batch.drop_column("reason")
        batch.drop_column("who")


def _change_builds() -> None:
    op.drop_index("ix_builds_component", "builds")
    with op.batch_alter_table("builds") as batch:
        batch.add_column(sa.Column("attempt", sa.Integer, nullable=False, server_default="0"))
        batch.add_column(sa.Column("exposes", sa.JSON))
        batch.add_column(sa.Column("requested_at", sa.Float, nullable=False, server_default="0"))
        for name in ("source", "upstream_version", "phase"):
            batch.alter_column(name, type_=sa.Text, existing_nullable=False)
    # The newest attempt is counted among the failed ones where nothing came after it.
    op.execute(
        "UPDATE builds SET requested_at = started_at, started_at = 0.0, attempt = attempts +"
        " CASE WHEN outcome = 'running' AND attempts > 0 AND finished_at > 0.0 THEN 0 ELSE 1 END"
    )
    op.execute(
        "INSERT INTO attempts"
        " (key, number, requested_at, began_at, finished_at, outcome, worker, message)"
        " SELECT key, attempt, requested_at, 0.0, finished_at, CASE WHEN outcome = 'running'"
        " AND finished_at > 0.0 THEN 'interrupted' ELSE outcome END, '', message FROM builds"
    )
    big_last = ("exposes", "reasons", "inputs", "uses")
    with op.batch_alter_table("builds", partial_reordering=[big_last]) as batch:
        batch.alter_column("attempt", server_default=None, existing_type=sa.Integer)
        batch.alter_column("requested_at", server_default=None, existing_type=sa.Float)
    line = ("channel", "distro")
    for name, columns in (
        ("line", (*line, "component", "requested_at")),
        ("generation", (*line, "generation", "component")),
        ("version", ("component", "distro", "upstream_version")),
        ("outcome", ("distro", "outcome", "finished_at")),
    ):
        op.create_index(f"ix_builds_{name}", "builds", columns)
