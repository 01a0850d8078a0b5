"""The graph as text for a terminal, as DOT, and as a picture that graphviz draws."""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Iterator, Mapping

from farm.workspace.entries import Entries, in_order, with_dependencies
from farm.workspace.errors import WorkspaceError

FORMATS = ("svg", "png", "pdf", "dot")
COLOURS = {
    "built": "#d5f0d5",
    "stale": "#fdf0c4",
    "failed": "#f8d0d0",
    "package": "#d8e4f8",
}
"""Fill of a component's box, by condition; white for others."""
REPEATED = "…"
"""After a component whose dependencies are shown further up."""


def tree_lines(entries: Entries, names: Collection[str], *, users: bool = False) -> Iterator[str]:
    """A tree with one line for each component and each that it is built with.

    What was shown once is not unfolded again: a stack's full tree has millions of lines.

    :param users: show what is built with them instead.
    """
    below = _reversed(entries) if users else {n: entry.depends for n, entry in entries.items()}
    seen: set[str] = set()
    for name in names:
        yield from _branch(below, name, "", "", seen)


def _branch(
    below: Mapping[str, Collection[str]], name: str, first: str, rest: str, seen: set[str]
) -> Iterator[str]:
    # Without recursion: stacks are deeper than Python's.
    waiting = [(name, first, rest)]
    while waiting:
        one, lead, indent = waiting.pop()
        children = sorted(below[one])
        known = one in seen
        yield f"{lead}{one}{f' {REPEATED}' if known and children else ''}"
        if known:
            continue
        seen.add(one)
        for place, child in reversed(list(enumerate(children))):
            last = place == len(children) - 1
            waiting.append(
                (
                    child,
                    f"{indent}{'└── ' if last else '├── '}",
                    f"{indent}{'    ' if last else '│   '}",
                )
            )


def roots(entries: Entries, names: Collection[str] | None = None) -> list[str]:
    """The components that nothing else among them is built with."""
    chosen = set(entries if names is None else names)
    used = {needed for name in chosen for needed in entries[name].depends}
    return sorted(chosen - used)


def dot(entries: Entries, names: Collection[str], conditions: Mapping[str, str]) -> str:
    """The graph in graphviz's language, an arrow from each component to what it is built with.

    Arrows that a longer way says already are left out.
    """
    lines = [
        "digraph stack {",
        "  rankdir=BT;",
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];',
        "  edge [color=gray50];",
    ]
    chosen = set(names)
    for name in sorted(chosen):
        colour = COLOURS.get(conditions.get(name, ""), "white")
        lines.append(f'  "{name}" [fillcolor="{colour}"];')
    for name, needed in sorted(_reduced(entries, chosen).items()):
        lines += [f'  "{name}" -> "{one}";' for one in sorted(needed)]
    return "\n".join([*lines, "}", ""])


def draw(text: str, form: str) -> bytes:
    """Let graphviz draw a graph.

    :raises WorkspaceError: graphviz is not installed, or it fails.
    """
    if form == "dot":
        return text.encode()
    try:
        done = subprocess.run(
            ["dot", f"-T{form}"], input=text.encode(), capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise WorkspaceError(
            "pictures are drawn by graphviz, which is not installed; "
            "the package is called graphviz (or take --output FILE.dot)"
        ) from error
    if done.returncode:
        raise WorkspaceError(f"graphviz: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _reversed(entries: Entries) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {name: [] for name in entries}
    for name, entry in entries.items():
        for needed in entry.depends:
            users[needed].append(name)
    return users


def _reduced(entries: Entries, chosen: Collection[str]) -> dict[str, set[str]]:
    """The dependencies among the chosen that no other dependency has already."""
    deep: dict[str, set[str]] = {}
    result = {}
    for name in in_order(entries, chosen):
        direct = {one for one in entries[name].depends if one in chosen}
        through = {two for one in direct for two in deep[one]}
        deep[name] = direct | through
        result[name] = direct - through
    return result


def chosen_for(entries: Entries, names: Collection[str]) -> set[str]:
    """What a picture shows: components and what they are built with; by default everything."""
    return with_dependencies(entries, names) if names else set(entries)
