"""One object in memory for what many rows have in common."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from sys import intern
from typing import Any

from farm.plan.key import KeyInputs

PARTS_KEPT = 16_384

_PARTS = ("component", "packages", "distro")
"""Of key inputs: the same in most builds of a component, or of a distro."""


def shared_map(value: Mapping[str, str]) -> dict[str, str]:
    """A mapping of names, keys or digests, which other rows have as well."""
    return {intern(name): intern(text) for name, text in value.items()}


def shared_names(value: Iterable[str] | None) -> tuple[str, ...] | None:
    """Names that other rows have as well."""
    return None if value is None else tuple(intern(name) for name in value)


def shared_inputs(inputs: KeyInputs) -> KeyInputs:
    """The inputs of a build key: a component's entry is in each of its builds."""
    parts = {name: _part(json.dumps(inputs[name])) for name in _PARTS if name in inputs}
    if "dependencies" in inputs:
        parts["dependencies"] = shared_map(inputs["dependencies"])
    return {**inputs, **parts}


@lru_cache(PARTS_KEPT)
def _part(text: str) -> Any:
    return json.loads(text)
