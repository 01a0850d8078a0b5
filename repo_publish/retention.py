"""Which snapshots stay: rules, and everything that still refers to one. Plain data in and out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from repo_publish.line import KEPT_SNAPSHOTS
from repo_publish.manifest import Manifest

DAY_S = 24 * 3600
CLIENT_WINDOW_S = 2 * DAY_S
"""So long after it was replaced a snapshot may still be asked for: what dnf read yesterday it may
use until tomorrow (metadata_expire in dnf.conf(5) is 48 hours unless a .repo file says less)."""

LineName = tuple[str, str]
"""Channel and distro."""
References = Mapping[tuple[str, str, int], str]
"""Channel, distro and number of a snapshot -> what refers to it."""


@dataclass(frozen=True)
class Rules:
    """How much history a line keeps beyond what has to stay."""

    keep: int = 20
    """So many of the newest snapshots."""
    keep_days: float = 30.0
    """And those that are younger."""


@dataclass(frozen=True)
class Age:
    """When a snapshot was published."""

    number: int
    timestamp: int


def kept_because(
    snapshots: Sequence[Age],
    live: int | None,
    rules: Rules,
    referred: Mapping[int, str],
    now: float,
) -> dict[int, str]:
    """The snapshots of a line that stay, each with the reason; the others may go.

    :param snapshots: all of a line, in any order.
    :param live: number of the live one.
    :param referred: number -> what refers to it.
    """
    ordered = sorted(snapshots, key=lambda snapshot: snapshot.number)
    replaced = {one.number: after.timestamp for one, after in pairwise(ordered)}
    newest = [snapshot.number for snapshot in ordered]
    recent = {*newest[-KEPT_SNAPSHOTS:]}
    recent |= {n for n, until in replaced.items() if now - until < CLIENT_WINDOW_S}
    reasons: dict[int, str] = {}
    for snapshot in ordered:
        number = snapshot.number
        if live is None or number >= live:
            reasons[number] = "it is live" if number == live else "it is newer than what is live"
        elif number in referred:
            reasons[number] = referred[number]
        elif (
            number in newest[-KEPT_SNAPSHOTS:] or now - replaced.get(number, now) < CLIENT_WINDOW_S
        ):
            reasons[number] = "clients may still use it"
        elif number in newest[-rules.keep :] and rules.keep:
            reasons[number] = f"one of the newest {rules.keep}"
        elif now - snapshot.timestamp < rules.keep_days * DAY_S:
            reasons[number] = f"younger than {rules.keep_days:g} days"
    return reasons


def references(manifests: Iterable[Manifest], live: Mapping[LineName, int]) -> References:
    """What snapshots and releases say of others that they were made from, or need to undo a
    rollback.

    :param manifests: of everything that is kept now.
    :param live: number of each line's live snapshot.
    """
    found: dict[tuple[str, str, int], str] = {}
    for manifest in manifests:
        line = (manifest.channel, manifest.distro)
        if origin := manifest.origin:
            by = f"{'/'.join(line)}" + ("" if manifest.release else f" {manifest.number}")
            what = f"{by} was made from it"
            found.setdefault((origin.channel, origin.distro, origin.snapshot), what)
        if live.get(line) == manifest.number:
            for refused in manifest.refused.values():
                undo = "a rollback from it can be undone"
                found.setdefault((*line, refused.snapshot), undo)
    return found


def reachable_builds(manifests: Iterable[Manifest]) -> set[str]:
    """The build keys that snapshots and releases have, or may publish again."""
    keys: set[str] = set()
    for manifest in manifests:
        keys.update(component.key for component in manifest.components)
        keys.update(refused.build.key for refused in manifest.refused.values())
        keys.update(held.key for held in manifest.held_back if held.key)
    return keys
