"""What lets one Buildbot master have builders by the thousand and start hundreds a minute.

Each module takes the place of a few methods of Buildbot 4.3's and says why; each does what Buildbot
does, with less. Tests hold them to Buildbot's own.
"""

from __future__ import annotations

from services.tuning.builder_rows import ask_little_of_builders
from services.tuning.changed_rows import read_what_is_changed
from services.tuning.collector import collect_seldom
from services.tuning.endpoints import sort_endpoints_once
from services.tuning.log_lines import write_lines_together
from services.tuning.short_transactions import do_short_at_once


def tune_buildbot() -> None:
    """Do all of it. Doing it again changes nothing."""
    ask_little_of_builders()
    read_what_is_changed()
    write_lines_together()
    do_short_at_once()
    sort_endpoints_once()
    collect_seldom()
