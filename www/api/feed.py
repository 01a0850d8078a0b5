"""What a line published, as an Atom feed (RFC 4287)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from xml.etree import ElementTree as Xml

from farm.plan.report import package_version
from farm.records.published import PublishedChange
from farm.records.store import LineId
from www.api.answers.known import Known
from www.api.asked import LineName
from www.api.routes import PREFIX

MEDIA_TYPE = "application/atom+xml"
ENTRIES = 20
NAMED = 30
"""Components that an entry names; the rest is counted."""
_ATOM = "http://www.w3.org/2005/Atom"


def feed(known: Known, asked: LineName) -> bytes:
    """The newest snapshots of a line, and what each of them brought.

    :raises Problem: there is no such line.
    """
    place = known.line(asked.channel, asked.distro)
    snapshot = known.snapshot(place)
    since = max(1, snapshot.number - ENTRIES + 1) if snapshot else 0
    changes = known.farm.records.published_changes(place, since=since) if snapshot else []
    entries = list(_entries(known, place, changes))[::-1]
    name = f"{place[0]}/{place[1]}"
    own = f"{known.site.www.public_url.rstrip('/')}{PREFIX}lines/{name}/feed.atom"
    root = Xml.Element("feed", xmlns=_ATOM)
    _add(root, "id", own)
    _add(root, "title", f"{known.site.title}: {name}")
    _add(root, "updated", _moment(snapshot.published_at if snapshot else 0.0))
    _add(root, "link", rel="self", type=MEDIA_TYPE, href=own)
    _add(root, "link", rel="alternate", href=known.archive(place) or known.site.www.public_url)
    _add(_add(root, "author"), "name", known.site.title)
    for number, at, words, lines in entries:
        entry = _add(root, "entry")
        _add(entry, "id", f"{own}#snapshot-{number}")
        _add(entry, "title", f"Snapshot {number}: {words}")
        _add(entry, "updated", _moment(at))
        _add(entry, "link", rel="alternate", href=known.archive(place) or own)
        _add(entry, "content", "\n".join(lines), type="text")
    Xml.indent(root)
    return Xml.tostring(root, encoding="utf-8", xml_declaration=True)


def _entries(
    known: Known, place: LineId, changes: list[PublishedChange]
) -> Iterator[tuple[int, float, str, list[str]]]:
    """Number, moment, a few words and all lines of each snapshot, the oldest first."""
    builds = known.farm.records.builds
    builds.warm(change.key for change in changes if change.key)
    for number, found in groupby(changes, key=lambda change: change.number):
        brought = list(found)
        lines = []
        for change in brought[:NAMED]:
            row = builds.get(change.key) if change.key else None
            what = package_version(row) if row else "removed"
            why = f" ({'; '.join(row.reasons)})" if row else ""
            lines.append(f"{change.component} {what}{why}")
        if len(brought) > NAMED:
            lines.append(f"and {len(brought) - NAMED} more")
        few = ", ".join(change.component for change in brought[:3])
        more = f" and {len(brought) - 3} more" if len(brought) > 3 else ""
        yield number, brought[0].published_at, f"{few}{more}", lines


def _add(parent: Xml.Element, name: str, text: str = "", **attributes: str) -> Xml.Element:
    element = Xml.SubElement(parent, name, attributes)
    element.text = "".join(c for c in text if c.isprintable() or c == "\n") or None
    return element


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
