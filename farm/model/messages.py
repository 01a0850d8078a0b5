"""pydantic's errors in the words of a person who writes YAML."""

from __future__ import annotations

import types
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic_core import ErrorDetails

from farm.model.finding import Finding, Place, did_you_mean, listed

EXPECTED: Mapping[str, str] = {
    r"^[a-z0-9][a-z0-9+.-]*$": "a name of lower-case letters, digits and + - . "
    "that starts with a letter or digit",
    r"^[a-z0-9][a-z0-9.-]*$": "a name of lower-case letters, digits and - . "
    "that starts with a letter or digit",
    r"^[A-Za-z0-9][A-Za-z0-9+._()/:-]*$": "a package name, without a version",
    r"^[0-9][A-Za-z0-9.+~]*$": "a version: a digit, then letters, digits and . + ~",
    r"^https?://\S+$": "a URL that starts with https:// or http://",
    r"^[a-z][a-z0-9.-]*$": "the name of a suite, such as bookworm",
    r"^(?:https?://|file:///|/)\S+$": "a URL (https://, http://, file:///) or an absolute path",
    r"^/\S+$": "an absolute path",
    r"^[A-Za-z0-9][A-Za-z0-9._+-]*$": "the name of a mock configuration, such as rocky-9-x86_64",
    r"^(?:https?://|file:///)\S+$": "a URL that starts with https://, http:// or file:///",
    r"^[a-z0-9][a-z0-9_-]*$": "a word of lower-case letters, digits and - _",
    r"^[A-Za-z0-9._%+=~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$": "a mail address",
    r"^[~+.]?[A-Za-z0-9][A-Za-z0-9.~+]*$": "a version suffix such as ~deb12 or .el9",
}
"""What each pattern of the models means."""

INJECTED = "name"
"""The field of an entry that is the entry's key in the file."""

MAX_SHOWN = 80
"""Characters of a wrong text that a message repeats."""

_MAPPING = "a mapping of keys to values"
_TYPES: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "mapping_type": _MAPPING,
    "path_type": "a path",
}
_LISTS = {"list_type", "tuple_type", "set_type", "frozen_set_type"}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def describe(value: object, written: str | None = None) -> str:
    """What was found, for the end of a message; `written` is a scalar as the file has it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool | int | float):
        return written or str(value).lower()
    if isinstance(value, str):
        shown = value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}…"
        return f"'{shown}'" if shown.isprintable() else repr(shown)
    return "a list" if isinstance(value, list) else "a mapping"


@dataclass(frozen=True)
class Explainer:
    """Turns the errors of validating `model` into findings.

    `source` has scalars as the file writes them. `keyed` names the fields whose entries get their
    own key as a field INJECTED, which the file does not have.
    """

    model: type[BaseModel]
    source: Mapping[Place, str]
    keyed: Collection[str] = ()

    def explain(self, error: ErrorDetails) -> Finding | None:
        """The finding; None if another error says it: a bad key is also its entry's bad name."""
        place: Place = error["loc"]
        if place and place[-1] == INJECTED and self._is_entry(place[:-1]):
            return None
        if place and place[-1] == "[key]":
            return Finding(place[:-1], _mismatch(error, f"'{place[-2]}'"), on_key=True)
        if error["type"] == "extra_forbidden":
            return Finding(place, self._unknown_key(place), on_key=True)
        if error["type"] == "missing":
            return Finding(place, self._missing(place))
        if _is_secret(self.model, place):
            found = "something else"
        else:
            found = describe(error["input"], self.source.get(place))
        return Finding(place, _mismatch(error, found))

    def _unknown_key(self, place: Place) -> str:
        parent = _model_at(self.model, place[:-1])
        known = set(parent.model_fields) if parent else set()
        if self._is_entry(place[:-1]):
            known.discard(INJECTED)
        hint = did_you_mean(str(place[-1]), known)
        return f"unknown key{hint or '; expected ' + listed(sorted(known))}"

    def _missing(self, place: Place) -> str:
        parent = _model_at(self.model, place[:-1])
        field = parent.model_fields.get(str(place[-1])) if parent else None
        return f"missing: {field.description}" if field and field.description else "missing"

    def _is_entry(self, place: Place) -> bool:
        return len(place) == 2 and place[0] in self.keyed


def _mismatch(error: ErrorDetails, found: str) -> str:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "string_pattern_mismatch":
        wanted = EXPECTED.get(context["pattern"], f"text that matches {context['pattern']}")
        return f"expected {wanted}; found {found}"
    if kind == "string_too_short":
        return f"expected at least {context['min_length']} characters; found {found}"
    if kind == "string_too_long":
        return f"expected at most {context['max_length']} characters; found {found}"
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f'expected text; found {found}, which needs quotes: "{found}"'
    if kind in _TYPES:
        return f"expected {_TYPES[kind]}; found {found}"
    if kind in _LISTS:
        hint = f": write [{value}]" if isinstance(value, str) else ""
        return f"expected a list; found {found}{hint}"
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"expected {words} {context[bound]}; found {found}"
    if kind in ("enum", "literal_error"):
        choices = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        hint = did_you_mean(value, choices) if isinstance(value, str) else ""
        return f"expected {listed(choices)}; found {found}{hint}"
    if kind in ("value_error", "assertion_error"):
        said = str(context["error"])
        return said if isinstance(value, dict | list) else f"{said}; found {found}"
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}; found {found}"


def _is_secret(model: type[BaseModel], place: Place) -> bool:
    return any(option in (SecretStr, SecretBytes) for option in _options(_type_at(model, place)))


def _model_at(model: type[BaseModel], place: Place) -> type[BaseModel] | None:
    """The model of the mapping at `place`."""
    return _as_model(_type_at(model, place))


def _type_at(model: type[BaseModel], place: Place) -> Any:
    annotation: Any = model
    for part in place:
        annotation = _inside(annotation, part)
    return annotation


def _inside(annotation: Any, part: str | int) -> Any:
    """The type of what `part` leads to in a value of type `annotation`."""
    model = _as_model(annotation)
    if model is not None:
        field = model.model_fields.get(str(part))
        return field.annotation if field else None
    for option in _options(annotation):
        if get_origin(option) is dict:
            return get_args(option)[1]
        if get_origin(option) in (list, tuple):
            return get_args(option)[0]
    return None


def _as_model(annotation: Any) -> type[BaseModel] | None:
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _options(annotation: Any) -> list[Any]:
    """The types that a value may have, without Annotated and Union around them."""
    if get_origin(annotation) is Annotated:
        return _options(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [option for member in get_args(annotation) for option in _options(member)]
    return [annotation]
