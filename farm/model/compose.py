"""YAML text into nodes: by libyaml where it can, which takes a fifth of the time.

Which scalar is which type is ruamel.yaml's word (YAML 1.2) either way, and so is every error: what
libyaml refuses is read again, for a message that says where and why.
"""

from __future__ import annotations

import re
from typing import Any

import yaml as libyaml
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.cyaml import CParser

_DIFFERENT = re.compile(
    r"^%|^\s*[|>]|[|>][-+\d]*#|&[\w-]*[^\w\s-]|\.\.\.|"
    "[!\t\r\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]",
    re.MULTILINE,
)
"""What the two readers, and YAML 1.1 and 1.2, do not agree on: directives, tags, tabs, the ends of
documents, anchors that are no words, comments in the headers of blocks, and some characters."""


def compose(yaml: YAML, text: str) -> Node | None:
    """The root node of a document; None for an empty one.

    :param yaml: whose resolver decides.
    :raises ruamel.yaml.error.YAMLError: it is not YAML.
    :raises RecursionError: it is nested too deeply.
    """
    if not _DIFFERENT.search(text):
        try:
            root = _Loader(text, yaml.resolver).get_single_node()
        except libyaml.YAMLError:
            pass
        else:
            return _converted(root, {}) if root is not None else None
    found: Node | None = yaml.compose(text)
    return found


class _Loader(CParser):  # type: ignore[misc]
    """libyaml's parser with another resolver."""

    def __init__(self, text: str, resolver: Any):
        super().__init__(text)
        self._resolve = resolver.resolve

    def resolve(self, kind: type[libyaml.Node], value: Any, implicit: Any) -> str:
        return str(self._resolve(_KINDS[kind], value, implicit))

    def descend_resolver(self, _node: Any, _index: Any) -> None:
        """Paths decide nothing."""

    def ascend_resolver(self) -> None:
        """Paths decide nothing."""


_KINDS = {
    libyaml.ScalarNode: ScalarNode,
    libyaml.SequenceNode: SequenceNode,
    libyaml.MappingNode: MappingNode,
}


def _converted(node: libyaml.Node, known: dict[int, Node]) -> Node:
    """The same node in ruamel.yaml's classes; an alias stays the node that it stands for."""
    here = known.get(id(node))
    if here is not None:
        return here
    made = _KINDS[type(node)](node.tag, node.value, node.start_mark, node.end_mark)
    known[id(node)] = made
    if isinstance(node, libyaml.SequenceNode):
        made.value = [_converted(one, known) for one in node.value]
    elif isinstance(node, libyaml.MappingNode):
        made.value = [(_converted(k, known), _converted(v, known)) for k, v in node.value]
    return made
