"""The files of a ``debian/`` directory, as text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from farm.packaging.info import PackagingInfo
from farm.packaging.manifest import Installed
from farm.packaging.patterns import cover, exact
from farm.packaging.roles import Role, stem_and_version
from farm.packaging.rules import debian_rules
from farm.packaging.split import BinaryPackage
from farm.packaging.text import one_line, paragraphs, rfc5322_date, synopsis

STANDARDS_VERSION = "4.6.2"
COMPAT = 13

_SECTIONS = {
    Role.LIBRARY: "libs",
    Role.DEVELOPMENT: "libdevel",
    Role.PYTHON: "python",
    Role.DOCUMENTATION: "doc",
}
_WHAT = {
    Role.LIBRARY: ("", "This package contains the shared library."),
    Role.DEVELOPMENT: (
        " (development files)",
        "This package contains the files needed to build software with it.",
    ),
    Role.TOOLS: (" (programs)", "This package contains the programs."),
    Role.PYTHON: (" (Python 3)", "This package contains the Python 3 module."),
    Role.MODULE: (" (modules)", "This package contains loadable modules."),
    Role.DATA: (" (data)", "This package contains the architecture-independent data."),
    Role.DOCUMENTATION: (" (documentation)", "This package contains the documentation."),
}
_TRIPLET = re.compile(r"^/usr/lib/[a-z0-9_]+-linux-[a-z0-9_]+(?=/)")
_VCS_URL = re.compile(r"^(?:https?|git|ssh)://")


def debian_files(info: PackagingInfo, packages: Sequence[BinaryPackage] | None) -> dict[str, str]:
    """Write the packaging of a component.

    :param packages: what `farm.packaging.split.split_deb` made of the installed files; None
        gives provisional packaging, with which ``debian/rules build`` and then
        ``debian/rules override_dh_auto_install`` (into debian/tmp) find out what is installed.
        debian/rules is the same either way.
    :return: path below debian/ to text. ``rules`` must be made executable.
    """
    files = {
        "control": _control(info, packages),
        "rules": debian_rules(info),
        "changelog": _changelog(info),
        "copyright": _copyright(info),
        "source/format": "3.0 (quilt)\n",
    }
    for package in packages or ():
        others = (f.path for p in packages or () if p is not package for f in p.files)
        chosen = cover(package.files, others, _install_candidates)
        lines = sorted({pattern.lstrip("/") for pattern, _ in chosen})
        files[f"{package.name}.install"] = "".join(f"{line}\n" for line in lines)
    return files


def _control(info: PackagingInfo, packages: Sequence[BinaryPackage] | None) -> str:
    build_depends = dict.fromkeys((f"debhelper-compat (= {COMPAT})", *sorted(info.build_depends)))
    library = any(p.role is Role.LIBRARY for p in packages or ())
    section = "libs" if library else "misc"
    source = {
        "Source": info.name,
        "Section": section,
        "Priority": "optional",
        "Maintainer": one_line(info.maintainer),
        "Build-Depends": ",\n               ".join(build_depends),
        "Standards-Version": STANDARDS_VERSION,
        "Homepage": info.homepage,
        "Vcs-Git": info.vcs if _VCS_URL.match(info.vcs) else "",
        "Rules-Requires-Root": "no",
    }
    if packages is None:
        binaries = [_binary(info, BinaryPackage(info.name, Role.TOOLS, ()), (), section)]
    else:
        binaries = [_binary(info, package, packages, section) for package in packages]
    return "\n".join(_paragraph(fields) for fields in (source, *binaries))


def _binary(
    info: PackagingInfo, package: BinaryPackage, packages: Sequence[BinaryPackage], section: str
) -> dict[str, str]:
    independent = package.architecture_independent
    own_section = _SECTIONS.get(package.role, "misc" if section == "libs" else section)
    alone = len(packages) <= 1
    return {
        "Package": package.name,
        "Architecture": "all" if independent else "any",
        "Multi-Arch": _multi_arch(package),
        "Section": "" if own_section == section else own_section,
        "Depends": ",\n         ".join(_depends(package, packages)),
        "Description": _description(info, package, alone),
    }


def _depends(package: BinaryPackage, packages: Sequence[BinaryPackage]) -> list[str]:
    independent = {p.name for p in packages if p.architecture_independent}
    same = {
        name: "${source:Version}"
        if name in independent or package.architecture_independent
        else "${binary:Version}"
        for name in package.siblings
    }
    substitutions = ["${misc:Depends}"]
    if any(f.elf for f in package.files) or not packages:
        substitutions.insert(0, "${shlibs:Depends}")
    if any(f.path.endswith(".py") and "-packages/" in f.path for f in package.files):
        substitutions.append("python3")
    return [
        *(f"{name} (= {version})" for name, version in same.items()),
        *package.depends,
        *substitutions,
    ]


def _multi_arch(package: BinaryPackage) -> str:
    """``same`` when no path differs between architectures but by its library directory."""
    if package.architecture_independent:
        return "foreign" if package.role in (Role.DATA, Role.DOCUMENTATION) else ""
    shared = ("/usr/share/", "/usr/include/")
    if package.role in (Role.LIBRARY, Role.DEVELOPMENT) and all(
        _TRIPLET.match(f.path) or f.path.startswith(shared) for f in package.files
    ):
        return "same"
    return ""


def _description(info: PackagingInfo, package: BinaryPackage, alone: bool) -> str:
    suffix, sentence = ("", "") if alone else _WHAT[package.role]
    text = info.description or (f"{one_line(info.summary).rstrip('.')}." if info.summary else "")
    body = paragraphs(text or f"The {info.name} component.", 76)
    if sentence:
        body.append([sentence])
    first = synopsis(info)
    if len(first) + len(suffix) < 80:
        first += suffix
    return "\n".join(
        [first, *"\n .\n".join("\n".join(f" {x}" for x in b) for b in body).split("\n")]
    )


def _paragraph(fields: dict[str, str]) -> str:
    return "".join(f"{field}: {value}\n" for field, value in fields.items() if value)


def _changelog(info: PackagingInfo) -> str:
    version = info.version.deb(info.version_suffix)
    changes = [one_line(c) for c in info.changes if c.strip()] or [f"Commit {info.commit}."]
    lines = "".join(f"  * {change}\n" for change in changes)
    when = rfc5322_date(info.timestamp)
    return (
        f"{info.name} ({version}) unstable; urgency=medium\n\n{lines}\n"
        f" -- {one_line(info.maintainer)}  {when}\n"
    )


def _copyright(info: PackagingInfo) -> str:
    licence = info.licence or "unknown"
    header = {
        "Format": "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
        "Upstream-Name": info.name,
        "Source": info.vcs,
    }
    body = {
        "Files": "*",
        "Copyright": f"the authors of {info.name}",
        "License": f"{licence}\n See the licence files in the source package.",
    }
    return f"{_paragraph(header)}\n{_paragraph(body)}"


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
