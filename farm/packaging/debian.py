"""The files of a ``debian/`` directory, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from debian.changelog import Changelog

from farm.packaging.control import debian_control
from farm.packaging.copyright import debian_copyright
from farm.packaging.debian_names import debian_library_name
from farm.packaging.info import PackagingInfo
from farm.packaging.install_lists import install_list
from farm.packaging.roles import Role
from farm.packaging.rules import debian_rules
from farm.packaging.split import BinaryPackage
from farm.packaging.text import maintainer, one_line, rfc5322_date

DISTRIBUTION = "unstable"
"""What the changelog names; archives are told apart by the version's suffix."""
_CHANGELOG_WIDTH = 76


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
        files[f"{package.name}.install"] = install_list(package, packages or ())
        if package.sonames and package.name not in map(debian_library_name, package.sonames):
            files[f"{package.name}.lintian-overrides"] = (
                "# The distribution has the library under this name.\n"
                f"{package.name}: package-name-doesnt-match-sonames\n"
            )
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
        author=maintainer(info),
        date=rfc5322_date(info.timestamp),
    )
    return str(changelog)


def _reader(packages: Sequence[BinaryPackage]) -> BinaryPackage:
    """The package in which people look for a readme: libraries stay free of such files."""
    order = (Role.TOOLS, Role.DEVELOPMENT)
    return min(packages, key=lambda p: order.index(p.role) if p.role in order else len(order))
