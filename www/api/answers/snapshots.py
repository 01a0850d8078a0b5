"""What a line published, and what differs from the publication before."""

from __future__ import annotations

from farm.plan.report import package_version
from farm.records.store import BuildRow, LineId, SnapshotRow
from www.api.answers.known import Known
from www.api.model.history import SnapshotChange, SnapshotPage
from www.api.problem import not_found


def snapshot(known: Known, place: LineId, number: int) -> SnapshotPage:
    """One snapshot of a line.

    :param number: 0 is the live one.
    :raises Problem: there is none, or none of that number is on record.
    """
    live = known.snapshot(place)
    if live is None:
        raise not_found(f"{'/'.join(place)} has published nothing yet")
    found = known.farm.records.snapshot_at(place, number) if number else live
    if found is None:
        raise not_found(
            f"{'/'.join(place)} has no snapshot {number}; the live one is {live.number}"
        )
    before = known.farm.records.snapshot_at(place, found.number - 1) if found.number > 1 else None
    archive = f"{known.site.archive.public_url}snapshots/{'/'.join(place)}/{found.number}/"
    return SnapshotPage(
        channel=place[0],
        distro=place[1],
        number=found.number,
        before=before.number if before else 0,
        generation=found.generation,
        published_at=found.published_at,
        archive=archive,
        manifest=f"{archive}manifest.json",
        components=len(found.content),
        held_back=dict(found.held_back),
        changes=changes(known, before, found),
    )


def changes(known: Known, before: SnapshotRow | None, after: SnapshotRow) -> list[SnapshotChange]:
    """The components that two snapshots do not have from the same build, by name."""
    old, new = (before.content if before else {}), after.content
    differ = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    builds = known.farm.records.builds
    return [
        _change(name, builds.get(old.get(name, "")), builds.get(new.get(name, "")))
        for name in differ
    ]


def _change(name: str, old: BuildRow | None, new: BuildRow | None) -> SnapshotChange:
    what = "changed" if old and new else "added" if new else "removed"
    return SnapshotChange(
        component=name,
        what=what,
        before=package_version(old) if old else "",
        after=package_version(new) if new else "",
        commit_before=old.inputs["commit"] if old else "",
        commit_after=new.inputs["commit"] if new else "",
        reasons=list(new.reasons) if new else [],
    )
