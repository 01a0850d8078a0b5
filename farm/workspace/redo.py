"""How much of a build tree is still right after a change. Pure.

A tree that is kept saves time, and make's own idea of what to do again cannot be trusted with it:
it does not see that a library or a header in the prefix changed, a flag, or a file that went away.
So everything that was built is removed, except object files that are proven: their compiler wrote
down what they were made from (a depfile), and none of that has changed. What configure did stays
when it read nothing that changed; which files it read was observed while it ran.

A tree whose products are not proven, or whose files came or went, is made afresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from farm.buildsystem import Kind
from farm.workspace.records import Evidence, Inputs

ALL_OBJECTS = frozenset({"*"})
"""Every object file is made again."""


class Change(StrEnum):
    """What happened to one file."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RELINKED = "relinked"
    """A library in the prefix whose content changed, and not what a link test can see of it."""


@dataclass(frozen=True)
class Redo:
    """What is made again in a build tree."""

    fresh: bool
    """Begin with a new copy of the source; otherwise what configure did is kept."""
    why: str = ""
    """Why it is made afresh, for the log."""
    source: frozenset[str] = frozenset()
    """Source files that changed: objects made from them are dropped. Or `ALL_OBJECTS`."""
    prefix: frozenset[str] = frozenset()
    """Files below the prefix that changed: objects made from them are dropped."""
    trusted: tuple[str, ...] = ()
    """Directories that their build system checks itself, by content."""


def decide(
    evidence: Evidence | None,
    now: Inputs,
    files: Mapping[str, str],
    outputs: Mapping[str, Mapping[str, list[str]]],
    *,
    kind: Kind,
    boot: str,
    insist: bool = False,
) -> Redo:
    """Decide what to keep of the tree that `evidence` describes, for a build from other inputs.

    :param files: the source that is to be built.
    :param outputs: what each dependency has in the prefix now.
    :param boot: which boot of the machine this is.
    :param insist: the user asked for a build from nothing.
    """
    if evidence is None:
        return Redo(True, "there is no build tree")
    whole = _whole(evidence, now, boot, insist=insist)
    if whole:
        return Redo(True, whole)
    own = compare(evidence.files, files)
    theirs = compare_outputs(evidence.outputs, outputs)
    fresh = _fresh_for_source(evidence, own, kind) or _fresh_for_prefix(evidence, now, theirs)
    if fresh:
        return Redo(True, fresh)
    changed = frozenset(path for path, change in own.items() if change is Change.CHANGED)
    prefix = frozenset(path for path, change in theirs.items() if change is Change.CHANGED)
    # An end without warning (kill -9) can leave half an object behind.
    unfinished = evidence.phase == "building" and not evidence.stopped
    # A flag from a .pc file, a program that writes code: no depfile knows of these.
    others = any(not _is_header_or_library(path) for path in prefix)
    if unfinished or others or now.lines["build"] != evidence.inputs.lines["build"]:
        changed = ALL_OBJECTS
    return Redo(False, "", changed, prefix, _self_checking(files, theirs))


def _whole(evidence: Evidence, now: Inputs, boot: str, *, insist: bool) -> str:
    """Why nothing of the tree can be right, whatever changed; empty when something may be."""
    before = evidence.inputs
    if insist:
        return "asked for"
    if evidence.phase == "configuring":
        return "configure did not end"
    if evidence.phase != "done" and evidence.boot != boot:
        return "the machine went down during the build"
    if before.lines["configure"] != now.lines["configure"]:
        return "the configure command changed"
    if before.environment != now.environment:
        return "the environment changed"
    if before.tools != now.tools:
        return "tools or packages of this machine changed"
    if evidence.failed and evidence.kept and before == now:
        return "the same failed with what was kept"
    return ""


def _fresh_for_source(evidence: Evidence, own: Mapping[str, Change], kind: Kind) -> str:
    for path, change in sorted(own.items()):
        if change is not Change.CHANGED and kind not in (Kind.DUNE, Kind.CARGO):
            return f"{path} was {change.value}"
    if not evidence.inputs.lines["configure"]:
        return ""
    opened = evidence.configure_opened
    for path in sorted(own):
        if opened is None or path in opened:
            return f"configure reads {path}"
    return ""


def _fresh_for_prefix(evidence: Evidence, now: Inputs, theirs: Mapping[str, Change]) -> str:
    if evidence.inputs.dependencies.keys() != now.dependencies.keys():
        return "it has other dependencies"
    opened = evidence.prefix_opened
    for path, change in sorted(theirs.items()):
        if change in (Change.ADDED, Change.REMOVED):
            # Also without a configure: a new header can hide one of the system's.
            return f"{path} was {change.value}"
        if not evidence.inputs.lines["configure"]:
            continue
        if opened is None or path in opened:
            harmless = change is Change.RELINKED and not evidence.runs_programs
            if not harmless:
                return f"configure reads {path}"
    return ""


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Change]:
    """What happened to the files of a source."""
    changes = {path: Change.REMOVED for path in before if path not in after}
    for path, identity in after.items():
        if path not in before:
            changes[path] = Change.ADDED
        elif before[path] != identity:
            # Becoming a link, or executable, is more than a change of text.
            same_kind = before[path][0] == identity[0] != "l"
            changes[path] = Change.CHANGED if same_kind else Change.ADDED
    return changes


def compare_outputs(
    before: Mapping[str, Mapping[str, list[str]]], after: Mapping[str, Mapping[str, list[str]]]
) -> dict[str, Change]:
    """What happened to the files that the dependencies have in the prefix."""
    old = {path: facts for output in before.values() for path, facts in output.items()}
    new = {path: facts for output in after.values() for path, facts in output.items()}
    changes: dict[str, Change] = {path: Change.REMOVED for path in old if path not in new}
    for path, (seen, link) in new.items():
        if path not in old:
            changes[path] = Change.ADDED
        elif old[path][0] != seen:
            changes[path] = Change.RELINKED if old[path][1] == link else Change.CHANGED
    return changes


def _self_checking(files: Mapping[str, str], theirs: Mapping[str, Change]) -> tuple[str, ...]:
    """Directories whose build system compares contents: dune always, cargo within the source."""
    found = ["_build"] if "dune-project" in files else []
    if "Cargo.toml" in files and not theirs:
        found.append("target")
    return tuple(found)


def _is_header_or_library(path: str) -> bool:
    """Whether a depfile or the link, which is always done again, takes care of the file."""
    name = path.rpartition("/")[2]
    return path.startswith("include/") or name.endswith((".a", ".so", ".la")) or ".so." in name
