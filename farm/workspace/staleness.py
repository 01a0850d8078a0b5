"""Why a component has to be built again: its last build's inputs compared with today's. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from farm.workspace.records import Inputs, Record

FIRST = "not built yet"
SHOWN_NAMES = 3


def reasons(
    record: Record | None, now: Inputs, *, damaged: bool = False, changed: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Why the component is stale, as short sentences; empty when it is up to date.

    :param record: its last successful build.
    :param now: what a build would be made from now.
    :param damaged: a file that it installed is gone from the prefix, or changed there.
    :param changed: paths of its source that differ, for the sentence.
    """
    if record is None:
        return (FIRST,)
    found = list(differences(record.inputs, now, changed))
    if damaged:
        found.append("installed files were changed or removed by hand")
    return tuple(found)


def differences(before: Inputs, now: Inputs, changed: tuple[str, ...] = ()) -> tuple[str, ...]:
    """In what two builds' inputs differ; empty when their results are the same."""
    found: list[str] = []
    if before.sources != now.sources:
        named = listed(changed)
        found.append(f"its source changed: {named}" if named else "its source changed")
    found += [f"its {step} command changed" for step in _changed(before.lines, now.lines)]
    for name in _changed(before.dependencies, now.dependencies):
        how = "changed"
        if name not in before.dependencies:
            how = "is new"
        elif name not in now.dependencies:
            how = "is gone"
        found.append(f"dependency {name} {how}")
    found += [f"{name} changed" for name in _changed(before.environment, now.environment)]
    found += [f"{name} changed on this machine" for name in _changed(before.tools, now.tools)]
    return tuple(found)


def listed(names: tuple[str, ...]) -> str:
    """The first few names, and how many there are besides."""
    rest = len(names) - SHOWN_NAMES
    shown = ", ".join(names[:SHOWN_NAMES])
    return f"{shown} and {rest} more" if rest > 0 else shown


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
