"""`farm archive …`: publishing by hand, looking at what is published, and going back.

One module per group of commands; each has a `register(archive)`. What is heavy is imported by the
command that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import typer

from repo_publish.cli import (
    history,
    keys,
    promoting,
    pruning,
    publishing,
    qa,
    releasing,
    rollback,
    withdrawal,
)

GROUPS = (publishing, history, rollback, promoting, pruning, withdrawal, keys)


def register(app: typer.Typer) -> None:
    """Add `archive` and its commands, `release`, `stable`, `prune` and `qa` to `farm`."""
    archive = typer.Typer(
        help="Publish packages into signed apt and yum archives, check them, and go back.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    for group in GROUPS:
        group.register(archive)
    app.add_typer(archive, name="archive")
    releasing.register(app)
    pruning.register_top(app)
    qa.register(app)
