"""Going back: an older snapshot's content as a new one, since apt takes no older archive."""

from __future__ import annotations

import time
from typing import TextIO

from repo_publish.admission import publication_of
from repo_publish.errors import PublishError
from repo_publish.line import Line
from repo_publish.live import Live, kept
from repo_publish.manifest import Manifest, Rollback
from repo_publish.model import Publication, Published, Snapshot
from repo_publish.publisher import Purpose, Stores, publish_locked
from repo_publish.refusal import refused_by
from repo_publish.request import check_reason


def roll_back(line: Line, to: int, reason: str, stores: Stores, log: TextIO) -> Snapshot:
    """Publish the content of snapshot `to` again, signed anew and dated now.

    What it replaces is refused from now on: the farm's next publication holds these builds back
    until another commit is wanted (see `repo_publish.refusal`), or until `undo`.

    :raises PublishError: there is no such snapshot, it is the live one, or `reason` is empty.
    """
    check_reason(reason)

    def decide(live: Live | None) -> tuple[Publication, Purpose]:
        now = _live(line, live)
        if to == now.manifest.number:
            raise PublishError(f"{line}: snapshot {to} is the live one")
        target = kept(line, to)
        before = now.manifest
        wanted = publication_of(target.manifest).model_copy(update={"title": before.title})
        if {p.key for p in wanted.packages} == {c.key for c in before.components}:
            raise PublishError(f"{line}: the live snapshot has the content of {to} already")
        return wanted, Purpose(
            others=(target,),
            rollback=Rollback(from_snapshot=before.number, to_snapshot=to, reason=reason),
            refused=refused_by(before, target.manifest, reason, int(time.time())),
        )

    return publish_locked(line, decide, stores, log)


def undo(line: Line, stores: Stores, log: TextIO) -> Snapshot:
    """Publish the builds that rollbacks took back, and refuse nothing any more.

    Everything else stays as it is now; the gate has its say as for any publication.

    :raises PublishError: nothing is rolled back.
    """

    def decide(live: Live | None) -> tuple[Publication, Purpose]:
        now = _live(line, live)
        refused = now.manifest.refused
        if not refused:
            raise PublishError(f"{line}: nothing is rolled back")
        wanted = publication_of(now.manifest)
        packages = [p for p in wanted.packages if p.component not in refused]
        packages += [
            Published(
                component=name,
                key=one.build.key,
                commit=one.build.commit,
                reason=one.build.reason,
            )
            for name, one in refused.items()
        ]
        numbers = {one.snapshot for one in refused.values()} & set(line.numbers())
        return wanted.model_copy(update={"packages": tuple(packages)}), Purpose(
            others=tuple(kept(line, number) for number in sorted(numbers, reverse=True)),
            refused={},
        )

    return publish_locked(line, decide, stores, log)


def live_manifest(line: Line) -> Manifest:
    """What the live snapshot of a line says.

    :raises PublishError: nothing is published there.
    """
    number = line.live()
    if number is None:
        raise PublishError(f"{line}: nothing is published yet")
    return kept(line, number).manifest


def _live(line: Line, live: Live | None) -> Live:
    if live is None:
        raise PublishError(f"{line}: nothing is published yet")
    return live
