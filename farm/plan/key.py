"""Build keys: the digest of everything that goes into a build, and what differs between two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from farm.model import Stack

PACKAGING_GENERATION = 1
"""Raised when generated packaging changes so that everything has to be built anew."""

TRUSTED = "trusted"

KeyInputs = dict[str, Any]
"""What is in a key, as JSON: `commit`, `component`, `distro`, `dependencies`, `forced` …"""

# Fields that cannot change what is built: where the source comes from, how long it may take, who
# is told.
_COMPONENT_IRRELEVANT = {
    "git",
    "branch",
    "version",
    "distros",
    "exclude",
    "maintainers",
    "timeout_minutes",
    "packages",
}
_DISTRO_IRRELEVANT = {"release"}


@dataclass(frozen=True)
class Wish:
    """What is to be built of a component, beside what components.yml says of it."""

    commit: str
    upstream_version: str
    forced: int = 0
    """How often somebody asked for this build to be done again."""
    trust: str = TRUSTED
    """Builds of untrusted code have keys of their own."""

    @property
    def source(self) -> str:
        """As `farm.plan.planner.BuildFact.source`."""
        return f"{self.commit}+{self.forced}"


@dataclass(frozen=True)
class View:
    """All that a dependent sees with a component."""

    digest: str
    component: str
    output_digest: str
    sees: Mapping[str, str]
    """Components that its packages expose, each with the digest of its view."""


class OwnKeys:
    """The part of every build key that does not depend on other components."""

    def __init__(self, stack: Stack):
        self._stack = stack
        self._components: dict[str, str] = {}
        self._distros: dict[str, str] = {}
        self._maintainer = digest_of(stack.maintainer)

    def inputs(self, name: str, distro: str, wish: Wish) -> KeyInputs:
        """What is in the key, as JSON."""
        component, on = self._stack.components[name], self._stack.distros[distro]
        return {
            "commit": wish.commit,
            "upstream_version": wish.upstream_version,
            "component": component.model_dump(mode="json", exclude=_COMPONENT_IRRELEVANT),
            "packages": sorted(component.packages_for(on)),
            "distro": on.model_dump(mode="json", exclude=_DISTRO_IRRELEVANT),
            "maintainer": self._stack.maintainer,
            "packaging_generation": PACKAGING_GENERATION,
            "forced": wish.forced,
            "trust": wish.trust,
        }

    def digest(self, name: str, distro: str, wish: Wish) -> str:
        """The digest of `inputs`, from digests of its parts that are kept: a farm asks for tens of
        thousands of them when it starts."""
        packages = self._stack.components[name].packages_for(self._stack.distros[distro])
        return _digest_of_lines(
            [
                *(wish.commit, wish.upstream_version, str(wish.forced), wish.trust),
                *(self._component(name), self._distro(distro), self._maintainer),
                *(str(PACKAGING_GENERATION), *sorted(packages)),
            ]
        )

    def _component(self, name: str) -> str:
        if name not in self._components:
            component = self._stack.components[name]
            fields = component.model_dump(mode="json", exclude=_COMPONENT_IRRELEVANT)
            self._components[name] = digest_of(fields)
        return self._components[name]

    def _distro(self, name: str) -> str:
        if name not in self._distros:
            fields = self._stack.distros[name].model_dump(mode="json", exclude=_DISTRO_IRRELEVANT)
            self._distros[name] = digest_of(fields)
        return self._distros[name]


def digest_of(value: object) -> str:
    """SHA-256 (hexadecimal) of a JSON value in canonical form."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _digest_of_lines(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def build_key(own_digest: str, views: Mapping[str, str]) -> str:
    """The build key.

    :param own_digest: `OwnKeys.digest`.
    :param views: view digests of the component's direct dependencies. As a view holds those of
        what it exposes, they stand for everything of the farm that the build can see.
    """
    return _digest_of_lines([own_digest, *(f"{name} {views[name]}" for name in sorted(views))])


def view_digest(output_digest: str, sees: Mapping[str, str]) -> str:
    """The digest of all that a dependent sees with a component: what its own packages give, and
    the views of the components that come with them when they are installed."""
    return _digest_of_lines([output_digest, *(f"{name} {sees[name]}" for name in sorted(sees))])


def differences(
    before: KeyInputs | None, after: KeyInputs, views: Mapping[str, View] | None = None
) -> tuple[str, ...]:
    """Why a build is not the one before it, as short sentences in the words of the design.

    Both have `dependencies` (direct dependency to view digest) beside what `OwnKeys.inputs` gives.

    :param views: what is in views, by digest: with it the reasons name the components whose output
        changed, however far away, instead of the dependencies that show it.
    """
    if before is None:
        return ("first build",)
    reasons = []
    if before["commit"] != after["commit"]:
        reasons.append(f"new commit {before['commit'][:8]}..{after['commit'][:8]}")
    elif before["upstream_version"] != after["upstream_version"]:
        reasons.append(f"version {before['upstream_version']} became {after['upstream_version']}")
    old, new = before["dependencies"], after["dependencies"]
    verbs = dict.fromkeys(changed_outputs(old, new, views or {}), "changed")
    verbs |= dict.fromkeys(new.keys() - old.keys(), "is new")
    verbs |= dict.fromkeys(old.keys() - new.keys(), "is gone")
    reasons += [f"dependency {name} {verbs[name]}" for name in sorted(verbs)]
    for field, words in _OTHER_REASONS:
        if before.get(field) != after.get(field):
            refreshed = field == "distro" and _but_for_the_date(before) == _but_for_the_date(after)
            reasons.append(ROOT_UPDATED if refreshed else words)
    return tuple(reasons) or ("nothing that the key knows of",)


ROOT_UPDATED = "root updated"
_OTHER_REASONS = (
    ("forced", "forced"),
    ("distro", "the distro's entry changed"),
    ("component", "the component's entry changed"),
    ("packages", "the needed distro packages changed"),
    ("maintainer", "the maintainer changed"),
    ("packaging_generation", "generated packaging changed"),
    ("trust", "built on the other side of the line between trusted and untrusted code"),
)


def _but_for_the_date(inputs: KeyInputs) -> dict[str, Any]:
    distro = dict(inputs["distro"])
    return {**distro, "root": {**distro.get("root", {}), "refreshed": ""}}


def changed_outputs(
    before: Mapping[str, str], after: Mapping[str, str], views: Mapping[str, View]
) -> frozenset[str]:
    """The components behind two sets of views whose own output differs.

    :param before: component to view digest, then; `after` is now.
    :param views: what is in the views; of one that is not there, the component itself is named.
    """
    found: set[str] = set()
    done: set[tuple[str, str]] = set()
    left = [(name, before[name], after[name]) for name in before.keys() & after.keys()]
    while left:
        name, old, new = left.pop()
        if old == new or (old, new) in done:
            continue
        done.add((old, new))
        then, now = views.get(old), views.get(new)
        if then is None or now is None:
            found.add(name)
            continue
        shared = then.sees.keys() & now.sees.keys()
        if then.output_digest != now.output_digest or then.sees.keys() != now.sees.keys():
            found.add(name)
        left += [(one, then.sees[one], now.sees[one]) for one in shared]
    return frozenset(found)
