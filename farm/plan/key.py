"""Build keys: the digest of everything that goes into a build, and what differs between two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from farm.model import Component, Distro

PACKAGING_GENERATION = 1
"""Raised when generated packaging changes so that everything has to be built anew."""

KeyInputs = dict[str, Any]
"""What is in a key, as JSON: `commit`, `component`, `distro`, `dependencies`, `forced` …"""

# Fields that cannot change what is built: where the source comes from, and how long it may take.
_COMPONENT_IRRELEVANT = {
    "git",
    "branch",
    "version",
    "distros",
    "exclude",
    "timeout_minutes",
    "packages",
}
_DISTRO_IRRELEVANT = {"release"}


def own_inputs(
    component: Component,
    distro: Distro,
    *,
    commit: str,
    upstream_version: str,
    maintainer: str,
    forced: int = 0,
) -> KeyInputs:
    """The part of a key that does not depend on other components.

    `forced` counts the times that somebody asked for this build to be done again.
    """
    return {
        "commit": commit,
        "upstream_version": upstream_version,
        "component": component.model_dump(mode="json", exclude=_COMPONENT_IRRELEVANT),
        "packages": sorted(component.packages_for(distro)),
        "distro": distro.model_dump(mode="json", exclude=_DISTRO_IRRELEVANT),
        "maintainer": maintainer,
        "packaging_generation": PACKAGING_GENERATION,
        "forced": forced,
    }


def digest_of(value: object) -> str:
    """SHA-256 (hexadecimal) of a JSON value in canonical form."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def build_key(own_digest: str, dependencies: Mapping[str, str]) -> str:
    """The build key.

    :param own_digest: `digest_of(own_inputs(…))`.
    :param dependencies: output digests of everything of the farm that the build can see, which is
        the transitive closure of the component's dependencies.
    """
    return digest_of([own_digest, dict(dependencies)])


def differences(before: KeyInputs | None, after: KeyInputs) -> tuple[str, ...]:
    """Why a build is not the one before it, as short sentences in the words of the design.

    Both have `dependencies` (component to output digest) beside what `own_inputs` gives.
    """
    if before is None:
        return ("first build",)
    reasons = []
    if before["commit"] != after["commit"]:
        reasons.append(f"new commit {before['commit'][:8]}..{after['commit'][:8]}")
    elif before["upstream_version"] != after["upstream_version"]:
        reasons.append(f"version {before['upstream_version']} became {after['upstream_version']}")
    old, new = before["dependencies"], after["dependencies"]
    for name in sorted(set(old) | set(new)):
        if name not in old:
            reasons.append(f"dependency {name} is new")
        elif name not in new:
            reasons.append(f"dependency {name} is gone")
        elif old[name] != new[name]:
            reasons.append(f"dependency {name} changed")
    if before["forced"] != after["forced"]:
        reasons.append("forced")
    if before["distro"] != after["distro"]:
        reasons.append("the distro's root changed")
    for field, words in (
        ("component", "the component's entry changed"),
        ("packages", "the needed distro packages changed"),
        ("maintainer", "the maintainer changed"),
        ("packaging_generation", "generated packaging changed"),
    ):
        if before[field] != after[field]:
            reasons.append(words)
    return tuple(reasons) or ("nothing that the key knows of",)
