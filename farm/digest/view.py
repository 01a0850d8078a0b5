"""Puts the facts of all packages of a build together."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from farm.digest.content import content_facts
from farm.digest.own import Own, dates_of
from farm.digest.package import Header, family_of, is_debug_package
from farm.version import base_version

DIGEST_FORMAT = 2
"""Raised when the meaning of the digest changes; every dependent is then rebuilt once."""


def output_digest(
    files: Iterable[Path], farm_packages: Collection[str] = (), timestamp: int | None = None
) -> str:
    """The digest of what dependents can observe of a build's packages.

    :param files: everything the build made; all but binary packages is passed over.
    :param farm_packages: names of the farm's packages that the build was made with.
    :param timestamp: SOURCE_DATE_EPOCH of the build.
    :returns: 64 hexadecimal digits.
    :raises PackageUnreadable: a package is damaged.
    """
    facts = "\n".join([f"format {DIGEST_FORMAT}", *visible_facts(files, farm_packages, timestamp)])
    return hashlib.sha256(facts.encode("utf-8", "surrogateescape")).hexdigest()


def visible_facts(
    files: Iterable[Path], farm_packages: Collection[str] = (), timestamp: int | None = None
) -> tuple[str, ...]:
    """What the digest is made from, one fact a line: the difference of two explains a change.

    :param files: as for `output_digest`.
    :param farm_packages: as for `output_digest`.
    :param timestamp: as for `output_digest`.
    :raises PackageUnreadable: a package is damaged.
    """
    packages = []
    for path in files:
        if family := family_of(path):
            head = family.header(path)
            if not is_debug_package(head.name):
                packages.append((head, family, path))
    own = _own([head for head, _, _ in packages], farm_packages, timestamp)
    facts: list[str] = []
    for head, family, path in packages:
        mine = [*family.facts(path, own), *content_facts(family.entries(path), own)]
        facts += [f"{head.name}: {fact}" for fact in ("is a package", *mine)]
    return tuple(sorted(facts))


def _own(headers: list[Header], farm_packages: Collection[str], timestamp: int | None) -> Own:
    full: dict[str, str] = {}
    upstream: dict[str, str] = {}
    for head in headers:
        version, without_revision = head.versions
        release = base_version(without_revision)
        full |= {version: release, head.version: head.epoch + release}
        upstream |= {without_revision: release, release: release}
    names = frozenset([*farm_packages, *(head.name for head in headers)])
    return Own(names, full, upstream, () if timestamp is None else dates_of(timestamp))
