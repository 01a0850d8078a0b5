"""Where the snapshots of a line went without being built again: promoted, and released."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from farm.records.store import LineId
from repo_publish.errors import PublishError
from repo_publish.line import RELEASES, line_of, lines
from repo_publish.summary import Summary, newest_summaries, read_summary
from www.api.model import Promotion

LOOKED_AT = 200
"""Snapshots of each line, the newest."""


def promotions(archive: Path, url: str, place: LineId, since: int) -> list[Promotion]:
    """The first snapshot of each other channel, and the releases, that were made from a snapshot
    of a line or from a later one, the oldest first.

    :param url: of the archive.
    :param since: number of the snapshot.
    """
    found = [
        Promotion(
            channel=summary.channel,
            snapshot=None if summary.channel.startswith(f"{RELEASES}/") else summary.number,
            published_at=summary.timestamp,
            archive=f"{url}{summary.channel}/{place[1]}/",
        )
        for summary in _first_of_each(archive, place, since)
    ]
    return sorted(found, key=lambda one: one.published_at)


def _first_of_each(archive: Path, place: LineId, since: int) -> Iterator[Summary]:
    for others in (*_channels(archive, place), *_releases(archive, place)):
        having = [one for one in others if _is_from(one, place, since)]
        if having:
            yield min(having, key=lambda one: one.timestamp)


def _is_from(summary: Summary, place: LineId, since: int) -> bool:
    origin = summary.origin
    same = origin is not None and (origin.channel, origin.distro) == place
    return same and origin is not None and origin.snapshot >= since


def _channels(archive: Path, place: LineId) -> Iterator[list[Summary]]:
    for line in lines(archive):
        if line.distro == place[1] and line.channel != place[0]:
            try:
                yield newest_summaries(line_of(archive, line.channel, line.distro), LOOKED_AT)
            except PublishError:
                # One damaged archive must not hide what the others say; its own page tells of it.
                continue


def _releases(archive: Path, place: LineId) -> Iterator[list[Summary]]:
    for tree in (archive / RELEASES).glob(f"*/{place[1]}"):
        try:
            yield [read_summary(tree)]
        except PublishError:
            continue
