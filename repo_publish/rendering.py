"""Pages and configuration files from templates; whatever is put into HTML is escaped."""

from __future__ import annotations

import time

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_GROUP = 4


def day(seconds: int) -> str:
    """``2026-11-22`` in UTC; nothing for a time that is not known."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds)) if seconds else ""


def minute(seconds: int) -> str:
    """``2026-11-22 18:30`` in UTC; nothing for a time that is not known."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds)) if seconds else ""


def grouped(fingerprint: str) -> str:
    """A fingerprint as people compare it, in groups of four."""
    return " ".join(
        fingerprint[start : start + _GROUP] for start in range(0, len(fingerprint), _GROUP)
    )


def counted(number: int, noun: str) -> str:
    """``1 package``, ``2,000 packages``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def render(template: str, **values: object) -> str:
    """Fill a template of `repo_publish/templates`; every value it names must be given."""
    return _templates.get_template(template).render(values)


_templates = Environment(
    loader=PackageLoader("repo_publish"),
    autoescape=select_autoescape(["html.j2"]),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(day=day, minute=minute, grouped=grouped, counted=counted)
