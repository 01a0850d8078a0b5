"""Alembic runs this: the steps happen in the transaction that `farm.records.upgrade` has begun."""

from __future__ import annotations

from alembic import context

from farm.records.upgrade import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
