"""A YAML file as plain data, with the line and column of every key and value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from farm.errors import ConfigError, Problem
from farm.model.compose import compose
from farm.model.finding import Finding, Place, dotted

MAX_VALUES = 1_000_000
"""Aliases of aliases can make a short file expand without end; no honest file is this large."""

_TAG = "tag:yaml.org,2002:"
_CONVERTED = {f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float")}
# A date is text to us: versions look like dates, and no field holds one.
_TEXT = {f"{_TAG}str", f"{_TAG}timestamp"}
_MERGE = f"{_TAG}merge"

_SYNTAX_HINTS = (
    ("character '\\t'", "a tab; YAML is indented with spaces only"),
    (
        "mapping values are not allowed here",
        "unexpected ':'; text with ': ' in it needs quotes, and the lines of a mapping the same "
        "indentation",
    ),
    ("could not find expected ':'", "the line before is not 'key: value'"),
    ("expected <block end>", "indented differently from the lines it belongs to"),
    ("unexpected end of stream", "a quote that is opened here is never closed"),
    ("but got '<stream end>'", "a bracket that is opened here is never closed"),
    (
        "expected ',' or",
        "a comma, a closing bracket or the space after a ':' is missing before this",
    ),
    ("that cannot start any token", "text that starts with this character needs quotes"),
    ("another document", "a second document ('---'); expected one"),
)


@dataclass
class Document:
    """The content of one YAML file.

    `data` holds only dict (with text keys), list, str, int, float, bool and None. `problems` are
    the mistakes that leave the rest readable, such as a duplicate key.
    """

    file: str
    data: object = None
    problems: list[Problem] = field(default_factory=list)
    source: dict[Place, str] = field(default_factory=dict)
    """Scalars as they are written: ``1.10`` is the float 1.1."""
    _keys: dict[Place, tuple[int, int]] = field(default_factory=dict)
    _values: dict[Place, tuple[int, int]] = field(default_factory=dict)

    def problem(self, finding: Finding) -> Problem:
        """The finding with file, line and column.

        A place that is not in the file (a missing key) is shown at what should contain it.
        """
        place = finding.place
        marks = self._keys if finding.on_key else self._values
        line, column = marks.get(place, (0, 0))
        while not line and place:
            line, column = self._keys.get(place) or self._values.get(place, (0, 0))
            place = place[:-1]
        return Problem(self.file, line, column, dotted(finding.place), finding.message)

    def error(self, findings: Iterable[Finding] = ()) -> ConfigError:
        """The file's own problems and `findings` as one error."""
        return ConfigError([*self.problems, *(self.problem(finding) for finding in findings)])


def read_document(path: Path) -> Document:
    """Read a YAML file.

    :raises ConfigError: it cannot be read, is not UTF-8, or is not YAML.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        why = "no such file" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise ConfigError([Problem(str(path), 0, 0, "", f"cannot be read: {why}")]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        column = error.start - (error.object.rfind(b"\n", 0, error.start) + 1) + 1
        message = f"not UTF-8: byte 0x{error.object[error.start]:02x}"
        raise ConfigError([Problem(str(path), line, column, "", message)]) from error
    return parse_document(text, str(path))


def parse_document(text: str, file: str) -> Document:
    """Parse YAML text; `file` is the name that problems carry.

    :raises ConfigError: it is not YAML.
    """
    yaml = YAML(typ="safe", pure=True)
    try:
        root = compose(yaml, text)
        document = Document(file)
        if root is not None:
            document.data = _Reader(yaml, document).value(root, ())
    except YAMLError as error:
        raise ConfigError([_syntax_problem(error, text, file)]) from error
    except RecursionError as error:
        raise ConfigError([Problem(file, 0, 0, "", "nested too deeply")]) from error
    return document


class _Reader:
    """Turns YAML nodes into plain data and notes where each came from."""

    def __init__(self, yaml: YAML, document: Document):
        self._construct = yaml.constructor.construct_object
        self._document = document
        self._open: set[int] = set()
        self._count = 0

    def value(self, node: Node, place: Place) -> object:
        self._count += 1
        if self._count > MAX_VALUES:
            raise YAMLError(f"more than {MAX_VALUES} values, aliases included")
        self._document._values[place] = _position(node)
        if isinstance(node, ScalarNode):
            return self._scalar(node, place)
        if id(node) in self._open:
            self._find(node, place, "contains itself through an alias")
            return None
        if not str(node.tag).startswith(_TAG):
            self._find(node, place, f"the tag {node.tag} is not supported")
        self._open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return self._mapping(node, place)
            return [self.value(item, (*place, i)) for i, item in enumerate(node.value)]
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: ScalarNode, place: Place) -> object:
        self._document.source[place] = node.value
        if node.tag == f"{_TAG}null" and not node.value and place in self._document._keys:
            # Nothing is written after the key, and the parser finds this nothing lines below it.
            self._document._values[place] = self._document._keys[place]
        if node.tag in _CONVERTED:
            try:
                return self._construct(node)
            except ValueError:
                self._find(node, place, f"{node.value!r} is not what its tag says")
        elif node.tag not in _TEXT:
            self._find(node, place, f"the tag {node.tag} is not supported")
        return str(node.value)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, object]:
        result: dict[str, object] = {}
        for key, value, own in self._pairs(node, place):
            if not isinstance(key, ScalarNode) or not key.value:
                self._find(key, place, "a key must be text")
                continue
            # Keys are text, whatever they look like: a distro may be called 10.
            name = str(key.value)
            here = (*place, name)
            if name not in result:
                self._document._keys[here] = _position(key)
                result[name] = self.value(value, here)
            elif own:
                line = self._document._keys[here][0]
                self._find(key, here, f"duplicate key; '{name}' is already on line {line}")
        return result

    def _pairs(self, node: MappingNode, place: Place) -> Iterator[tuple[Node, Node, bool]]:
        """Keys and values, first the mapping's own, then what ``<<: *alias`` brings in."""
        merged = []
        for key, value in node.value:
            if key.tag == _MERGE:
                merged.append(value)
            else:
                yield key, value, True
        for source in merged:
            if isinstance(source, MappingNode) and id(source) not in self._open:
                self._open.add(id(source))
                yield from ((key, value, False) for key, value, _ in self._pairs(source, place))
                self._open.discard(id(source))
            else:
                self._find(source, place, "'<<' needs the alias of another mapping")

    def _find(self, node: Node, place: Place, message: str) -> None:
        line, column = _position(node)
        problem = Problem(self._document.file, line, column, dotted(place), message)
        self._document.problems.append(problem)


def _position(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _syntax_problem(error: YAMLError, text: str, file: str) -> Problem:
    if not isinstance(error, MarkedYAMLError):
        position = getattr(error, "position", None)
        if isinstance(position, int):
            before = text[:position]
            line, column = before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
            character = f"U+{ord(text[position]):04X}" if position < len(text) else "character"
            return Problem(file, line, column, "", f"control character {character} in the text")
        return Problem(file, 0, 0, "", str(error))
    said = error.problem or error.context or "not YAML"
    hint = next((words for part, words in _SYNTAX_HINTS if part in said), said)
    opened = "never closed" in hint
    mark = (opened and error.context_mark) or error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Problem(file, line, column, "", f"not valid YAML: {hint}")
