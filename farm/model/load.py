"""Reading configuration files into models, with every mistake reported at once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from farm.model.check import check
from farm.model.document import Document, read_document
from farm.model.finding import Finding, Place, listed
from farm.model.messages import INJECTED, Explainer, describe
from farm.model.stack import Channel, Component, Distro, Stack
from farm.model.variables import substitute

M = TypeVar("M", bound=BaseModel)

SECTIONS: Mapping[str, type[BaseModel]] = {
    "channels": Channel,
    "distros": Distro,
    "components": Component,
}
"""The parts of a stack whose entries have their key as name."""


def load_model(path: Path, model: type[M]) -> M:
    """Read a YAML file into any pydantic model; an empty file is one that sets nothing.

    Types are strict: a number where text is expected is a mistake, as is an unknown key if the
    model forbids extra ones. What a SecretStr field holds is never part of a message.

    :raises ConfigError: with all mistakes of the file, in the order of its lines.
    """
    document = _read_mapping(path)
    result, findings = _validate(document, model, document.data)
    if result is None or document.problems:
        raise document.error(findings)
    return result


def load_stack(path: Path, variables: Mapping[str, str] | None = None) -> Stack:
    """Read a components.yml.

    :param variables: what ``${name}`` stands for in clone URLs, mirrors and repositories.
    :raises ConfigError: with all mistakes of the file, in the order of its lines.
    """
    document = _read_mapping(path)
    if not document.data:
        raise document.error([Finding((), f"empty: expected {listed(SECTIONS, last='and')}")])
    data, findings = substitute(document.data, variables or {})
    named = _with_names(data, findings)
    stack, invalid = _validate(document, Stack, named, keyed=SECTIONS)
    reported = {finding.place for finding in findings}
    findings += [finding for finding in invalid if finding.place not in reported]
    if stack is not None:
        findings += check(stack)
    elif all(isinstance(named.get(section), dict) for section in SECTIONS):
        names = {section: tuple(named[section]) for section in SECTIONS}
        rest = _salvage(named, [finding.place for finding in findings])
        findings += check(rest, components=names["components"], distros=names["distros"])
    if stack is None or findings or document.problems:
        raise document.error(findings)
    return stack


def _read_mapping(path: Path) -> Document:
    document = read_document(path)
    if document.data is None:
        document.data = {}
    if not isinstance(document.data, dict):
        found = describe(document.data)
        raise document.error([Finding((), f"expected a mapping of keys to values; found {found}")])
    return document


def _validate(
    document: Document, model: type[M], data: object, keyed: Collection[str] = ()
) -> tuple[M | None, list[Finding]]:
    # As JSON, because only there "strict" takes lists for tuples and text for enums.
    try:
        return model.model_validate_json(json.dumps(data), strict=True), []
    except ValidationError as error:
        explainer = Explainer(model, document.source, keyed)
        explained = (explainer.explain(e) for e in error.errors(include_url=False))
        return None, [finding for finding in explained if finding is not None]


def _with_names(data: Any, findings: list[Finding]) -> dict[str, Any]:
    """A copy of a stack's data in which every entry has its key as name."""
    result = dict(data)
    for section in SECTIONS:
        entries = data.get(section)
        if not isinstance(entries, dict):
            continue
        result[section] = dict(entries)
        for name, entry in entries.items():
            if isinstance(entry, dict) and INJECTED in entry:
                message = f"the key '{name}' is the name already; remove this line"
                findings.append(Finding((section, name, INJECTED), message, on_key=True))
            if entry is None or isinstance(entry, dict):
                result[section][name] = {**(entry or {}), INJECTED: name}
    return result


def _salvage(data: dict[str, Any], wrong: Iterable[Place]) -> Stack:
    """What of an invalid stack can still be checked: everything but what is at `wrong` places."""
    rest = _without(data, (), {_not_in_list(place) for place in wrong})
    sections: dict[str, dict[str, BaseModel]] = {section: {} for section in SECTIONS}
    for section, model in SECTIONS.items():
        for name, entry in rest.get(section, {}).items():
            fields = {"git": f"/unknown/{name}", **entry} if model is Component else entry
            # An entry that cannot even be read so is named in another finding.
            with contextlib.suppress(ValidationError):
                valid = model.model_validate_json(json.dumps(fields), strict=True)
                sections[section][name] = valid
    return Stack.model_construct(
        channels=cast(dict[str, Channel], sections["channels"]),
        distros=cast(dict[str, Distro], sections["distros"]),
        components=cast(dict[str, Component], sections["components"]),
    )


def _not_in_list(place: Place) -> Place:
    """The place, or that of the list it is in: lists keep all their items, so indices stay."""
    while place and isinstance(place[-1], int):
        place = place[:-1]
    return place


def _without(value: Any, place: Place, wrong: Collection[Place]) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        key: _without(item, (*place, key), wrong)
        for key, item in value.items()
        if (*place, key) not in wrong or (len(place) == 2 and key == INJECTED)
    }
