"""Adding to a components.yml: a few new lines, and every other byte as it was.

The place for the lines comes from ruamel's marks and their text from ruamel; the file itself is not
written anew by it, which would move comments and change quotes and indentation.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import MappingNode, ScalarNode

from farm.errors import ConfigError, FarmError
from farm.model.document import parse_document
from farm.model.load import load_stack
from farm.model.stack import Stack

M = TypeVar("M")
SECTION = "components"
_WIDTH = 100
_FLOW_WIDTH = 76
"""A list or mapping that is shorter stays on its line."""


def with_component(text: str, name: str, entry: Mapping[str, Any]) -> str:
    """The text of a components.yml with one more component: as `with_entry`."""
    return with_entry(text, SECTION, name, entry)


def with_entry(text: str, part: str, name: str, entry: Mapping[str, Any]) -> str:
    """The text of a file with one more entry in one of its sections.

    It goes where the alphabet wants it if the entries are sorted, else after the last one, with
    the indentation and empty lines of those that are there.

    :param part: the section: ``components``, ``distros``; of a site file, ``workers``.
    :param entry: plain data, in the order in which the fields are to be written.
    :raises FarmError: the file is written in a way that lines cannot be added to.
    """
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    key, section = _section(text, part)
    if section is None:
        if re.search(r":\s*\S", _uncommented(lines[key])):
            lines[key] = re.sub(r":\s*(?:\{\s*\}|null|~)", ":", lines[key], count=1)
        return "".join([*lines[: key + 1], *_entry_lines(name, entry, 2), *lines[key + 1 :]])
    marks = {node.value: node.start_mark for node, _ in section.value}
    names = list(marks)
    indent = next(iter(marks.values())).column
    step = _indent_step(section, indent)
    new = _entry_lines(name, entry, indent, step)
    spaced = _is_spaced(lines, [mark.line for mark in marks.values()])
    later = [other for other in names if other > name] if names == sorted(names) else []
    if later:
        place = with_comments_above(lines, marks[later[0]].line)
        added = [*new, "\n"] if spaced else new
    else:
        place = entry_end(lines, marks[names[-1]].line, indent)
        added = ["\n", *new] if spaced else new
    return "".join([*lines[:place], *added, *lines[place:]])


def save_checked(path: Path, text: str, variables: Mapping[str, str]) -> Stack:
    """Replace a components.yml by another text, if that is a valid one; else leave it as it is.

    :raises ConfigError: the new text has mistakes.
    :raises FarmError: it cannot be written.
    """
    return save_if_valid(path, text, lambda new: load_stack(new, variables))


def save_if_valid(path: Path, text: str, load: Callable[[Path], M], *, keep: bool = True) -> M:
    """Replace a configuration file by another text, if `load` accepts that; else leave it.

    :param load: reads a file of this kind; it finds the text in the same directory.
    :param keep: False: only look whether it is accepted.
    :raises ConfigError: the new text has mistakes; they are told under the file's own name.
    :raises FarmError: it cannot be written.
    """
    target = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise FarmError(f"{target.parent} cannot be written to: {error.strerror}") from error
    new = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(handle)
        loaded = _called(new, path, load)
        if keep:
            new.chmod(target.stat().st_mode & 0o7777)
            new.replace(target)
    except OSError as error:
        raise FarmError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        new.unlink(missing_ok=True)
    return loaded


def _called(path: Path, called: Path, load: Callable[[Path], M]) -> M:
    """Load a file under another name in its messages."""
    try:
        return load(path)
    except ConfigError as error:
        raise ConfigError([replace(p, file=str(called)) for p in error.problems]) from error


def unchanged_but(before: str, after: str, name: str, part: str = SECTION) -> bool:
    """Whether two texts say the same but for the one entry that the second has more."""
    old, new = (_data(text) for text in (before, after))
    entries = dict(new.get(part) or {})
    if entries.pop(name, None) is None:
        return False
    return {**new, part: entries} == {**old, part: dict(old.get(part) or {})}


def _data(text: str) -> dict[str, Any]:
    data = parse_document(text, "").data
    return data if isinstance(data, dict) else {}


def _section(text: str, part: str) -> tuple[int, MappingNode | None]:
    """The line of a section and what it holds; None where that is nothing."""
    root = YAML(typ="safe", pure=True).compose(text)
    pairs = root.value if isinstance(root, MappingNode) else []
    for key, value in pairs:
        if key.value != part:
            continue
        if isinstance(value, ScalarNode) or not value.value:
            return key.start_mark.line, None
        if not isinstance(value, MappingNode) or value.flow_style:
            raise FarmError(f"{part} is written in braces; write one entry a line instead")
        return key.start_mark.line, value
    raise FarmError(f"the file has no line '{part}:' to add to")


def _entry_lines(name: str, entry: Mapping[str, Any], indent: int, step: int = 2) -> list[str]:
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.indent(mapping=step, sequence=step + 2, offset=step)
    stream = io.StringIO()
    fields = CommentedMap((key, _styled(value)) for key, value in entry.items())
    yaml.dump({name: fields}, stream)
    return [f"{' ' * indent}{line}" for line in stream.getvalue().splitlines(keepends=True)]


def _styled(value: Any) -> Any:
    """Short lists and mappings on one line, as people write them here."""
    if isinstance(value, Mapping):
        styled: Any = CommentedMap((key, _styled(inner)) for key, inner in value.items())
    elif isinstance(value, list | tuple):
        styled = CommentedSeq(map(_styled, value))
    else:
        return value
    if len(str(value)) <= _FLOW_WIDTH:
        styled.fa.set_flow_style()
    return styled


def _indent_step(section: MappingNode, indent: int) -> int:
    """How much further the fields of a component are indented than its name."""
    for _, value in section.value:
        if isinstance(value, MappingNode) and value.value and not value.flow_style:
            return int(value.value[0][0].start_mark.column) - indent
    return 2


def _is_spaced(lines: list[str], starts: list[int]) -> bool:
    """Whether empty lines part the components."""
    gaps = [not lines[with_comments_above(lines, line) - 1].strip() for line in starts[1:]]
    return bool(gaps) and sum(gaps) * 2 > len(gaps)


def with_comments_above(lines: list[str], line: int) -> int:
    """The first of the comment lines directly above a line, or that line."""
    while line and lines[line - 1].lstrip().startswith("#"):
        line -= 1
    return line


def entry_end(lines: list[str], start: int, indent: int) -> int:
    """The line after the entry that begins at `start`: its content and inner comments."""
    end = start + 1
    in_list = lines[start].lstrip().startswith("-")
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        # The list of a key may stand as far left as the key itself.
        item = depth == indent and not in_list and re.match(r"-\s", line.lstrip())
        if depth <= indent and not item:
            break
        end = number + 1
    return end


def _uncommented(line: str) -> str:
    return line.partition(" #")[0]
