"""What libsolv says of a candidate: whether its packages can be installed, its sources built."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from repo_publish.gate.libsolv import Reason, Universe
from repo_publish.gate.packages import Broken, Build, Need, Package, Relation, meets
from repo_publish.gate.rpm_packages import Record, compare

_PRIMARY = (
    '<metadata xmlns="http://linux.duke.edu/metadata/common" '
    'xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="{}">\n{}</metadata>\n'
)
_FILELISTS = (
    '<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="{}">\n{}</filelists>\n'
)
_RELATION = re.compile(r"([^\s(]\S*)(?: (<=|>=|<|>|=) (\S+))?")

Owner = tuple[str, Package]
"""A component and one of its packages."""


class RpmCheck:
    """Asks libsolv; see `repo_publish.gate.search.Check`.

    A package that another one of the candidate obsoletes counts as broken, too: dnf would replace
    it.

    :param packages: all that candidates will be made of.
    :param background: .solv files with the distribution's packages.
    :param work: an empty directory for what libsolv reads.
    :raises FarmError: libsolv cannot read something.
    """

    def __init__(
        self,
        packages: Iterable[Package],
        background: Sequence[Path],
        architecture: str,
        work: Path,
    ):
        self._universe = Universe(architecture)
        self._background = [one for path in background for one in self._universe.add_solv(path)]
        records = {package.record.nevra: package.record for package in packages}
        self._own = self._universe.add_metadata(*write_metadata(list(records.values()), work))

    def __call__(self, candidate: Mapping[str, Build]) -> list[Broken]:
        """See `repo_publish.gate.search.Check`."""
        owners = {p.record.nevra: (c, p) for c, build in candidate.items() for p in build}
        ids = [self._own[name] for name in owners]
        self._universe.consider([*self._background, *ids])
        found = [told(owners[name], why, owners) for name, why in self._universe.broken(ids)]
        return [*found, *self._obsoleted(owners)]

    def _obsoleted(self, owners: Mapping[str, Owner]) -> Iterator[Broken]:
        binaries = {p.name: (c, p) for c, p in owners.values() if p.kind == "binary"}
        for nevra, (component, package) in owners.items():
            for text in self._universe.obsoletes(self._own[nevra]):
                for relation in need_of(text):
                    owner, other = binaries.get(relation.name, ("", package))
                    if other is not package and meets(relation, [other.version], compare):
                        why = f"{package} of {component} obsoletes {text}"
                        yield Broken(owner, other, why, involved=(component,))


def write_metadata(records: Sequence[Record], directory: Path) -> tuple[Path, Path]:
    """Write yum metadata of packages; the paths of primary and filelists."""
    files = directory / "primary.xml", directory / "filelists.xml"
    files[0].write_text(_PRIMARY.format(len(records), "".join(one.primary for one in records)))
    files[1].write_text(_FILELISTS.format(len(records), "".join(one.filelists for one in records)))
    return files


def told(owner: Owner, reasons: Sequence[Reason], owners: Mapping[str, Owner]) -> Broken:
    """What is wrong with a package, from all that libsolv says of it.

    :param owners: of the packages that were asked about, by what libsolv calls them.
    """
    component, package = owner
    missing = [reason for reason in reasons if reason.missing]
    if missing:
        # Its own fault first: what else is wrong with it may come from that.
        reason = next((one for one in missing if owners.get(one.package) == owner), missing[0])
        needer = owners.get(reason.package)
        who = needer[1] if needer else reason.package
        why = f"{who} needs {reason.missing}, which nothing offers"
        return Broken(component, package, why, need_of(reason.missing), needer)
    names = dict.fromkeys(n for reason in reasons for n in (reason.package, reason.other))
    involved = dict.fromkeys(owners[name][0] for name in names if name in owners)
    why = "; ".join(dict.fromkeys(reason.text for reason in reasons))
    return Broken(component, package, why, involved=tuple(involved))


def need_of(text: str) -> Need:
    """One relation; empty for a rich one, which is libsolv's to read."""
    match = _RELATION.fullmatch(text)
    return (Relation(match[1], match[2] or "", match[3] or ""),) if match else ()
