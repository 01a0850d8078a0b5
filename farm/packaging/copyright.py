"""debian/copyright in the machine-readable format (DEP-5)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from debian.copyright import Copyright, FilesParagraph, License, LicenseParagraph

from farm.packaging.info import PackagingInfo
from farm.packaging.text import maintainer, one_line

_COMMON = {
    "Apache-2.0": "Apache-2.0",
    "Artistic-1.0": "Artistic",
    "CC0-1.0": "CC0-1.0",
    "GFDL-1.2": "GFDL-1.2",
    "GFDL-1.3": "GFDL-1.3",
    "GPL-1": "GPL-1",
    "GPL-2": "GPL-2",
    "GPL-3": "GPL-3",
    "LGPL-2": "LGPL-2",
    "LGPL-2.1": "LGPL-2.1",
    "LGPL-3": "LGPL-3",
    "MPL-1.1": "MPL-1.1",
    "MPL-2.0": "MPL-2.0",
}
"""Debian's short name without ``+`` to a file in /usr/share/common-licenses."""
_OTHER_NAMES = {
    "BSD-2-Clause": "BSD-2-clause",
    "BSD-3-Clause": "BSD-3-clause",
    "BSD-4-Clause": "BSD-4-clause",
    "MIT": "Expat",
}
_UNKNOWN = "unknown"
_OPERATOR = re.compile(r"\s+(?:AND|OR)\s+")


def debian_copyright(info: PackagingInfo) -> str:
    """The text of debian/copyright, as far as the component's tree tells.

    Each licence of an expression gets its text: a reference to /usr/share/common-licenses, the
    tree's own short licence, or where to look.
    """
    document = Copyright()
    # Set by name: the library's annotations do not know its properties' types.
    for field, value in (
        ("upstream_name", info.name),
        ("source", info.homepage or info.vcs),
    ):
        setattr(document.header, field, value)
    names = list(dict.fromkeys(debian_licence(n) for n in _OPERATOR.split(info.licence) if n))
    expression = debian_expression(info.licence) or _UNKNOWN
    notices = [one_line(n) for n in info.details.copyright]
    everything = "\n ".join(notices or [f"The authors of {info.name}"])
    texts = {name: _text(info, name, alone=len(names) == 1) for name in names or [_UNKNOWN]}
    year = datetime.fromtimestamp(info.timestamp, UTC).year
    packager = f"{year} {maintainer(info)}"
    for files, holders in (("*", everything), ("debian/*", packager)):
        paragraph = FilesParagraph.create([files], holders, License(expression))
        document.add_files_paragraph(paragraph)
    for name, text in texts.items():
        document.add_license_paragraph(LicenseParagraph.create(License(name, text)))
    return str(document.dump())


def debian_licence(spdx: str) -> str:
    """Debian's short name of a licence: ``GPL-2.0-or-later`` → ``GPL-2+``."""
    name, _, exception = one_line(spdx).strip("() ").partition(" WITH ")
    found = re.fullmatch(r"((?:A|L)?GPL|GFDL)-(\d(?:\.\d)?)(-only|-or-later|\+)?", name)
    if found:
        later = "+" if found[3] in ("-or-later", "+") else ""
        short = f"{found[1]}-{found[2].removesuffix('.0')}{later}"
    else:
        short = _OTHER_NAMES.get(name, name.replace(" ", "-"))
    return f"{short} with {exception} exception" if exception else short


def debian_expression(spdx: str) -> str:
    """An SPDX expression in DEP-5's words, where a comma does what parentheses do in SPDX."""
    text = re.sub(r"\)\s+(AND|OR)\b", r"), \1", one_line(spdx))
    text = re.sub(r"(?<!,)\s+(AND|OR)\s+\(", r", \1 (", text)
    parts = re.split(r"(,?\s+(?:AND|OR)\s+)", text)
    return "".join(p.lower() if i % 2 else p and debian_licence(p) for i, p in enumerate(parts))


def _text(info: PackagingInfo, name: str, *, alone: bool) -> str:
    common = _COMMON.get(name.partition(" ")[0].removesuffix("+"))
    if common:
        return (
            "On Debian systems, the full text of this licence is in\n"
            f"/usr/share/common-licenses/{common}."
        )
    if alone and info.details.licence_text:
        return info.details.licence_text
    files = ", ".join(info.details.licence_files)
    return f"See {files} in the source package." if files else "See the source package."
