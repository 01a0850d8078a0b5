"""The fast reader of YAML says what ruamel.yaml says, or leaves it to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from farm.model.compose import compose
from tests.farms import TOP

PARTS = [
    *" \n-:{}[],#&*!|>'\"@`ab01.~?+_\\<=é",
    *("\n  ", "\n    ", "\n- ", ": ", "a: ", " #", "---\n", "...\n", "\r\n", "\t"),
    *("yes", "0x1", "1_0", "012", "1e3", ".inf", "2001-01-01", "<<", "&a ", "*a", "!!str "),
]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=16).map("".join)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def described(node: Node | None) -> Any:
    """Everything that the farm reads of a node; an empty scalar may be anywhere before the next."""
    if node is None:
        return None
    place = (str(node.tag), node.start_mark.line, node.start_mark.column)
    if isinstance(node, ScalarNode):
        return (*place, node.value) if node.value else str(node.tag)
    if isinstance(node, MappingNode):
        return (*place, [(described(key), described(value)) for key, value in node.value])
    return (*place, [described(one) for one in node.value])


def agree(text: str) -> None:
    yaml = YAML(typ="safe", pure=True)
    try:
        wanted = described(yaml.compose(text))
    except YAMLError as error:
        with pytest.raises(type(error)):
            compose(YAML(typ="safe", pure=True), text)
    else:
        assert described(compose(YAML(typ="safe", pure=True), text)) == wanted


@given(TEXTS)
@settings(max_examples=500)
@example("&a: b")
@example("a: |#")
@example("a: yes\nb: 012\nc: 1.10\nd: ~\ne:\n")
def test_whatever_is_written(text: str) -> None:
    agree(text)


@given(VALUES)
def test_whatever_a_program_writes(value: Any) -> None:
    agree(json.dumps(value, ensure_ascii=False, indent=1))


@pytest.mark.parametrize(
    "path", [TOP / "components.yml", TOP / "examples" / "demo" / "components.yml"]
)
def test_real_files(path: Any) -> None:
    agree(path.read_text())


def test_an_alias_is_the_node_that_it_stands_for() -> None:
    root = compose(YAML(typ="safe", pure=True), "a: &x {b: 1}\nc: *x\n")
    (_, first), (_, second) = root.value
    assert first is second
