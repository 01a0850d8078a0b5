"""``${name}`` in the URLs and paths of a components.yml, replaced by what the site says."""

from __future__ import annotations

import re
from collections.abc import Mapping

from farm.model.finding import Finding, Place, did_you_mean

WHERE: tuple[tuple[str, ...], ...] = (
    ("components", "*", "git"),
    ("distros", "*", "root", "mirror"),
    ("distros", "*", "root", "keyring"),
    ("distros", "*", "root", "repositories", "*"),
)
"""The only values with variables. In commands, ``${name}`` is the shell's."""

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")


def substitute(data: object, variables: Mapping[str, str]) -> tuple[object, list[Finding]]:
    """Replace variables in the values that WHERE names.

    :returns: a new value, and a finding for each unknown variable (which is left as it is).
    """
    findings: list[Finding] = []
    return _replaced(data, (), variables, findings), findings


def _replaced(
    value: object, place: Place, variables: Mapping[str, str], findings: list[Finding]
) -> object:
    if isinstance(value, dict):
        return {
            key: _replaced(item, (*place, key), variables, findings)
            if any(_leads_to(pattern, (*place, key)) for pattern in WHERE)
            else item
            for key, item in value.items()
        }
    if not isinstance(value, str):
        return value

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name not in variables:
            hint = did_you_mean(name, variables)
            hint = hint or "; the site settings define variables, or --set NAME=VALUE"
            findings.append(Finding(place, f"unknown variable ${{{name}}}{hint}"))
        return variables.get(name, match[0])

    return _REFERENCE.sub(value_of, value)


def _leads_to(pattern: tuple[str, ...], place: Place) -> bool:
    return len(place) <= len(pattern) and all(
        wanted in ("*", part) for wanted, part in zip(pattern, place, strict=False)
    )
