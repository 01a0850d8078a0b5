"""One item put into a YAML text or taken out of it, and every other byte as it was.

As in `farm.model.edit`, places come from ruamel's marks; the text is not written anew.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from farm.errors import FarmError
from farm.model.document import parse_document
from farm.model.edit import entry_end, with_comments_above
from farm.model.finding import Place, dotted

Collection = MappingNode | SequenceNode


def put_in(text: str, place: Place, value: str | Sequence[str]) -> str:
    """The text with one more item at the end of a mapping or list that has some.

    :param place: of the new item; of one in a list, the last part does not matter.
    :param value: text, or a list of it.
    :raises FarmError: there is no such mapping or list, or lines cannot be added to it.
    """
    parent = _node(text, place[:-1])
    spans = _spans(parent)
    written = _flow(value)
    item = f"{place[-1]}: {written}" if isinstance(parent, MappingNode) else written
    if parent.flow_style or not spans:
        if not parent.flow_style:
            raise _impossible(place)
        if spans:
            at = spans[-1][1]
            after = f"{text[:at]}, {item}{text[at:]}"
        else:
            at = parent.start_mark.index + 1
            after = f"{text[:at]}{item}{text[at:].lstrip(' ')}"
    else:
        lines = text.splitlines(keepends=True)
        indent = parent.start_mark.column
        end = entry_end(lines, _line(text, spans[-1][0]), indent)
        if end == len(lines) and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        dash = "" if isinstance(parent, MappingNode) else "- "
        after = "".join([*lines[:end], f"{' ' * indent}{dash}{item}\n", *lines[end:]])
    _hold(text, after, place, value if isinstance(value, str) else list(value))
    return after


def taken_out(text: str, place: Place) -> str:
    """The text without the item at a place, nor the comments directly above it.

    :raises FarmError: there is no such item, or it cannot be taken out line by line.
    """
    parent = _node(text, place[:-1])
    number = _number(parent, place)
    spans = _spans(parent)
    start, end = spans[number]
    if parent.flow_style:
        if number + 1 < len(spans):
            end = spans[number + 1][0]
        elif number:
            start = spans[number - 1][1]
        after = text[:start] + text[end:]
    else:
        after = _without_lines(text, parent, number, start)
    _hold(text, after, place, None)
    return after


def _without_lines(text: str, parent: Collection, number: int, start: int) -> str:
    lines = text.splitlines(keepends=True)
    first = _line(text, start)
    end = entry_end(lines, first, parent.start_mark.column)
    if number:
        first = with_comments_above(lines, first)
    if end < len(lines) and not lines[end].strip() and not lines[first - 1].strip():
        end += 1  # one of the two empty lines around it
    if len(parent.value) == 1:
        key = first - 1
        while not lines[key].strip() or lines[key].lstrip().startswith("#"):
            key -= 1
        empty = "{}" if isinstance(parent, MappingNode) else "[]"
        head, colon, rest = lines[key].partition(":")
        lines[key] = f"{head}{colon} {empty}{rest}"
    return "".join([*lines[:first], *lines[end:]])


def _node(text: str, place: Place) -> Collection:
    node = YAML(typ="safe", pure=True).compose(text)
    for part in place:
        if isinstance(node, MappingNode | SequenceNode) and (found := _find(node, part)):
            node = found
        else:
            raise FarmError(f"there is no {dotted(place)} to change")
    if not isinstance(node, MappingNode | SequenceNode):
        raise FarmError(f"{dotted(place)} holds nothing that can be changed item by item")
    return node


def _find(node: Collection, part: str | int) -> Node | None:
    if isinstance(node, MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    return node.value[part] if isinstance(part, int) and part < len(node.value) else None


def _number(parent: Collection, place: Place) -> int:
    if isinstance(parent, MappingNode):
        names = [key.value for key, _ in parent.value]
        if place[-1] in names:
            return names.index(str(place[-1]))
    elif isinstance(place[-1], int) and place[-1] < len(parent.value):
        return place[-1]
    raise FarmError(f"there is no {dotted(place)}")


def _spans(parent: Collection) -> list[tuple[int, int]]:
    """Where each item begins and ends."""
    if isinstance(parent, MappingNode):
        return [(key.start_mark.index, value.end_mark.index) for key, value in parent.value]
    return [(item.start_mark.index, item.end_mark.index) for item in parent.value]


def _line(text: str, index: int) -> int:
    return text.count("\n", 0, index)


def _flow(value: str | Sequence[str]) -> str:
    """A value on one line, quoted where YAML needs that."""
    yaml = YAML()
    yaml.width = 10_000
    stream = io.StringIO()
    plain: Any = value
    if not isinstance(value, str):
        plain = CommentedSeq(value)
        plain.fa.set_flow_style()
    yaml.dump([plain], stream)
    return stream.getvalue().strip().removeprefix("- ")


def _hold(before: str, after: str, place: Place, value: object) -> None:
    """Refuse a change that did not do just what it should."""
    expected = _changed(parse_document(before, "").data, place, value)
    if parse_document(after, "").data != expected:
        raise _impossible(place)


def _changed(data: Any, place: Place, value: object) -> Any:
    part, rest = place[0], place[1:]
    if isinstance(data, Mapping):
        copied = dict(data)
        if rest:
            copied[str(part)] = _changed(data[str(part)], rest, value)
        elif value is None:
            del copied[str(part)]
        else:
            copied[str(part)] = value
        return copied
    items = list(data)
    number = int(part)
    if rest:
        items[number] = _changed(items[number], rest, value)
    elif value is None:
        del items[number]
    else:
        items.append(value)
    return items


def _impossible(place: Place) -> FarmError:
    return FarmError(
        f"{dotted(place)} is written in a way that it cannot be changed: do it by hand"
    )
