"""What of this machine's system the components need, and what of that is missing."""

from __future__ import annotations

from collections.abc import Iterable

from farm.buildsystem import recognise
from farm.workspace.environment import DEFAULT_PATH, find_program
from farm.workspace.packages import ask_versions, packages_of_tools
from farm.workspace.workspace import Workspace

ALWAYS = ("cc", "make")
"""What nearly every component is built with; asked for only when the stack has such a one."""


def missing_packages(workspace: Workspace, names: Iterable[str]) -> list[str]:
    """Packages that the components name or whose programs they need, and that are not installed."""
    family = workspace.settings.family
    chosen = sorted(names)
    named = {package for name in chosen for package in workspace.entries[name].packages}
    path = workspace.environment.get("PATH", DEFAULT_PATH)
    tools = {tool for tool in needed_tools(workspace, chosen) if not find_program(tool, path)}
    installed = ask_versions(family, named) if named and family else {}
    absent = [package for package in named if package not in installed]
    return sorted({*absent, *packages_of_tools(family, tools)})


def needed_tools(workspace: Workspace, names: Iterable[str]) -> set[str]:
    """Programs that the components' build systems start, but for those that the stack builds."""
    found: set[str] = set()
    for name in names:
        system = recognise(workspace.source_of(name))
        found.update(system.tools)
        if "make" in system.tools:
            found.update(ALWAYS)
    prefix = workspace.settings.prefix_path / "bin"
    return {tool for tool in found if not (prefix / tool).exists()}
