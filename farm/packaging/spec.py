"""The text of a generated spec file, in Fedora's style.

Only macros that rpm itself brings are used as they are, others are guarded (``%{?…}``), so that
the spec builds on EL and on any distribution with rpm's own macros. Text from components.yml is
data: its percent signs are doubled, and no line of it can begin a section.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from farm.packaging.info import PackagingInfo
from farm.packaging.roles import Role
from farm.packaging.spec_files import file_lines, locale_domain
from farm.packaging.spec_scripts import (
    build_lines,
    build_requires,
    check_lines,
    command_line,
    escape,
    install_lines,
    package_argument,
    scriptlets,
)
from farm.packaging.split import BinaryPackage
from farm.packaging.text import (
    capitalised,
    description,
    maintainer,
    one_line,
    paragraphs,
    public_vcs,
    render,
    spec_date,
    synopsis,
)

_SAME = "%{?_isa} = %{version}-%{release}"
_WHAT = {
    Role.LIBRARY: ("Shared libraries of {}", "This package contains the shared libraries."),
    Role.DEVELOPMENT: (
        "Development files for {}",
        "This package contains the files needed to build software that uses {}.",
    ),
    Role.TOOLS: ("Programs of {}", "This package contains the programs that come with {}."),
    Role.PYTHON: ("Python 3 module of {}", "This package contains the Python 3 module."),
    Role.MODULE: ("Modules of {}", "This package contains loadable modules."),
    Role.DATA: ("Data of {}", "This package contains the data of {}."),
    Role.DOCUMENTATION: ("Documentation of {}", "This package contains the documentation of {}."),
}


@dataclass(frozen=True)
class _Package:
    argument: str
    summary: str
    sentence: str
    noarch: bool
    requires: tuple[str, ...]
    files_argument: str
    lines: tuple[str, ...]


def spec_text(info: PackagingInfo, packages: Sequence[BinaryPackage] | None) -> str:
    """Write the spec of a component.

    Release is written out instead of ``%{?dist}``: a rebuild of the source package elsewhere
    gives the same version, and the rebuild counter of the farm is in it.

    :param packages: what `farm.packaging.split.split_rpm` made of the installed files; None gives
        a provisional spec with one package of everything. %prep, %build, %check and the
        commands that install are the same either way.
    """
    listed = [_package(info, p, packages or ()) for p in packages or ()]
    if packages is None:
        listed = [_Package("", "", "", False, (), "", ("/*",))]
    main = next((p for p in listed if not p.argument), None)
    domains = _domains(packages or ())
    independent = bool(packages) and all(p.architecture_independent for p in packages or ())
    release = info.version.rpm_release(info.version_suffix)
    return render(
        "package.spec.j2",
        globals=_globals(packages, independent),
        name=info.name,
        version=info.version.upstream,
        release=release,
        summary=escape(capitalised(synopsis(info))),
        licence=escape(one_line(info.licence)) or "NOASSERTION",
        homepage=escape(info.homepage),
        vcs=f"git:{escape(public_vcs(info))}" if public_vcs(info) else "",
        noarch=independent,
        build_requires=build_requires(info),
        description=_escaped_description(info),
        main=main,
        subpackages=[p for p in listed if p.argument],
        build=build_lines(info),
        install=[*install_lines(info), *(f"%find_lang {_domain(info, d)}" for d in domains)],
        check=check_lines(info),
        scriptlets=[line for p in packages or () for line in _scriptlets(info, p)],
        listed=listed,
        # A macro in the release is for the person who takes the spec over.
        changelog_version=f"{info.version.upstream}-{release.partition('%')[0]}",
        date=spec_date(info.timestamp),
        maintainer=escape(maintainer(info)),
        changes=[escape(one_line(c)) for c in info.changes if c.strip()]
        or [f"Commit {info.commit}"],
    )


def _package(
    info: PackagingInfo, package: BinaryPackage, all_: Sequence[BinaryPackage]
) -> _Package:
    independent = all(p.architecture_independent for p in all_)
    others = [f.path for p in all_ if p is not package for f in p.files]
    translations = {f for f in package.files if locale_domain(f)}
    own = tuple(f for f in package.files if f not in translations)
    libraries = frozenset(s for p in all_ for s in p.sonames)
    domains = sorted({locale_domain(f) for f in translations})
    argument = package_argument(info.name, package.name)
    summary, sentence = _WHAT[package.role]
    return _Package(
        argument=argument,
        summary=summary.format("%{name}"),
        sentence=_sentence(info, sentence),
        noarch=package.architecture_independent and not independent,
        requires=tuple(_requirement(info.name, s, all_, package) for s in package.siblings),
        files_argument=(f" {argument}" if argument else "")
        + "".join(f" -f {_domain(info, d)}.lang" for d in domains),
        lines=(*_own_documents(info, package, all_), *file_lines(own, others, libraries)),
    )


def _sentence(info: PackagingInfo, sentence: str) -> str:
    """The sentence with the component's name, wrapped when that is long."""
    (lines,) = paragraphs(sentence.format(info.name))
    return sentence.format("%{name}") if len(lines) == 1 else "\n".join(map(escape, lines))


def _scriptlets(info: PackagingInfo, package: BinaryPackage) -> list[str]:
    return scriptlets(package, package_argument(info.name, package.name))


def _own_documents(
    info: PackagingInfo, package: BinaryPackage, all_: Sequence[BinaryPackage]
) -> list[str]:
    """Licence and readme of the source, where a package does not get them by what it requires."""
    if package.siblings:
        return []
    lines = _marked("%license", info.details.licence_files)
    installed = f"/usr/share/doc/{package.name}/"
    taken = any(f.path.startswith(installed) for p in all_ for f in p.files)
    if package is all_[0] and not taken:
        lines += _marked("%doc", info.details.readme_files)
    return lines


def _marked(mark: str, names: Sequence[str]) -> list[str]:
    return [" ".join((mark, *names))] if names else []


def _requirement(
    component: str, sibling: str, packages: Sequence[BinaryPackage], package: BinaryPackage
) -> str:
    name = "%{name}" + sibling.removeprefix(component) if sibling.startswith(component) else sibling
    noarch = package.architecture_independent or any(
        p.name == sibling and p.architecture_independent for p in packages
    )
    return name + (_SAME.removeprefix("%{?_isa}") if noarch else _SAME)


def _domain(info: PackagingInfo, domain: str) -> str:
    return "%{name}" if domain == info.name else escape(domain)


def _domains(packages: Sequence[BinaryPackage]) -> list[str]:
    return sorted({locale_domain(f) for p in packages for f in p.files} - {""})


def _globals(packages: Sequence[BinaryPackage] | None, independent: bool) -> list[str]:
    """Without ELF files find-debuginfo leaves empty lists, which rpmbuild takes for an error."""
    if packages is None or independent or any(f.elf for p in packages for f in p.files):
        return []
    return ["%global debug_package %{nil}"]


def _escaped_description(info: PackagingInfo) -> str:
    lines = "\n\n".join("\n".join(block) for block in paragraphs(description(info)))
    return "\n".join(command_line(line) for line in lines.split("\n"))
