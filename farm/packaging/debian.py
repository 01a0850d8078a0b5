"""The files of a ``debian/`` directory, as text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from debian.changelog import Changelog

from farm.packaging.control import debian_control
from farm.packaging.copyright import debian_copyright
from farm.packaging.info import PackagingInfo
from farm.packaging.manifest import Installed
from farm.packaging.patterns import cover, exact
from farm.packaging.roles import Role, stem_and_version
from farm.packaging.rules import debian_rules
from farm.packaging.split import BinaryPackage
from farm.packaging.text import one_line, rfc5322_date

DISTRIBUTION = "unstable"
"""What the changelog names; archives are told apart by the version's suffix."""
_CHANGELOG_WIDTH = 76
_TRIPLET = re.compile(r"^/usr/lib/[a-z0-9_]+-linux-[a-z0-9_]+(?=/)")


def debian_files(info: PackagingInfo, packages: Sequence[BinaryPackage] | None) -> dict[str, str]:
    """Write the packaging of a component.

    :param packages: what `farm.packaging.split.split_deb` made of the installed files; None
        gives provisional packaging, with which ``debian/rules build`` and then
        ``debian/rules override_dh_auto_install`` (into debian/tmp) find out what is installed.
        debian/rules is the same either way.
    :return: path below debian/ to text. ``rules`` must be made executable.
    """
    files = {
        "control": debian_control(info, packages),
        "rules": debian_rules(info),
        "changelog": debian_changelog(info),
        "copyright": debian_copyright(info),
        "source/format": "3.0 (quilt)\n",
    }
    for package in packages or ():
        files[f"{package.name}.install"] = _install_list(package, packages or ())
    if packages and info.details.readme_files:
        files[f"{_reader(packages).name}.docs"] = "".join(
            f"{name}\n" for name in info.details.readme_files
        )
    return files


def debian_changelog(info: PackagingInfo) -> str:
    """The text of debian/changelog: one entry, dated as the commit."""
    changes = [one_line(change) for change in info.changes if change.strip()]
    lines = [
        textwrap.fill(
            change,
            _CHANGELOG_WIDTH,
            initial_indent="  * ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for change in changes or [f"Build of commit {info.commit}."]
    ]
    changelog = Changelog()
    changelog.new_block(
        package=info.name,
        version=info.version.deb(info.version_suffix),
        distributions=DISTRIBUTION,
        urgency="medium",
        changes=["", *lines, ""],
        author=one_line(info.maintainer),
        date=rfc5322_date(info.timestamp),
    )
    return str(changelog)


def _reader(packages: Sequence[BinaryPackage]) -> BinaryPackage:
    """The package in which people look for a readme: libraries stay free of such files."""
    order = (Role.TOOLS, Role.DEVELOPMENT)
    return min(packages, key=lambda p: order.index(p.role) if p.role in order else len(order))


def _install_list(package: BinaryPackage, packages: Sequence[BinaryPackage]) -> str:
    others = (f.path for p in packages if p is not package for f in p.files)
    chosen = cover(package.files, others, _install_candidates)
    return "".join(f"{line}\n" for line in sorted({p.lstrip("/") for p, _ in chosen}))


def _install_candidates(entry: Installed) -> list[str]:
    """Patterns as packagers write them, the widest first."""
    path = _TRIPLET.sub("/usr/lib/*", entry.path)
    directory, _, name = path.rpartition("/")
    found: list[str] = []
    if entry.in_library_directory:
        if entry.static_library:
            found = [f"{directory}/lib*.a"]
        elif name.endswith(".so") and entry.target:
            found = [f"{directory}/lib*.so"]
        elif ".so" in name:
            stem, version = stem_and_version(entry.soname or name)
            found = [f"{directory}/{stem}.so.*", f"{directory}/{stem}.so.{version}*"]
    elif re.match(r"/usr/(?:s?bin|include)/", path):
        found = ["/".join(path.split("/")[:3]) + "/*"]
    elif re.search(r"/pkgconfig/[^/]+\.pc$", path):
        found = [f"{directory}/*.pc"]
    elif re.match(r"/usr/share/man/man\d", path):
        found = [f"{directory}/*"]
    elif path.startswith("/usr/share/man/"):
        found = [f"/usr/share/man/*/{directory.rpartition('/')[2]}/*"]
    parts = directory.split("/")
    depth = 4 if parts[1:3] in (["usr", "share"], ["usr", "lib"]) else 3
    if path.startswith("/usr/lib/*/") or path.startswith("/usr/share/doc/"):
        depth = 5
    if path.startswith("/usr/share/locale/"):
        depth = 4
    found += ["/".join(parts[:n]) for n in range(depth, len(parts) + 1)]
    safe = [p for p in found if exact(p.replace("*", "")) == p.replace("*", "")]
    return [
        *safe,
        exact(path) if path == entry.path else f"/usr/lib/*{exact(path[10:])}",
        exact(entry.path),
    ]
