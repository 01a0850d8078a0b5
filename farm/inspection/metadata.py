"""What a tree's packaging and project files say of it: summary, homepage, build dependencies."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from debian.deb822 import Deb822

from farm.build.rpm.sections import split_sections
from farm.packaging.tree import SPEC_DIRECTORIES

_UNWANTED_DEB = re.compile(r"(?:debhelper|dh-|dpkg-dev$|build-essential$|dh_)")
_UNWANTED_RPM = re.compile(r"(?:gcc|make|redhat-rpm-config|coreutils)$")
_MACRO = re.compile(r"%[{\w(]")
_NO_SUMMARY = re.compile(
    r"#|=|(?:this is the readme|please|documentation|copyright|version|table of)\b", re.IGNORECASE
)
MIN_SUMMARY, MAX_SUMMARY = 10, 100
"""Characters of what a README may say in its first sentence to be taken for a summary."""


@dataclass(frozen=True)
class Metadata:
    """What one file, or all files together, say; empty where they say nothing."""

    summary: str = ""
    description: str = ""
    homepage: str = ""
    licence: str = ""
    """As it is written: not always an SPDX expression."""
    source: str = ""
    """Of a guess (the README): where it is from. Statements carry nothing here."""

    def filled_from(self, other: Metadata) -> Metadata:
        """The same, with what is empty taken from another."""
        empty = {f.name: getattr(other, f.name) for f in fields(self) if not getattr(self, f.name)}
        return replace(self, **empty)


def metadata_of(tree: Path) -> Metadata:
    """Everything that a tree's files say of it, the most careful source first."""
    found = Metadata()
    for read in (_from_control, _from_spec, _from_pyproject, _from_cargo, _from_opam, _from_readme):
        said = read(tree)
        if said.source and found.summary:
            continue
        found = found.filled_from(said)
    return found


def debian_build_depends(control: str) -> tuple[str, ...]:
    """Package names in the Build-Depends of a debian/control, first alternatives, no versions.

    What every build root has, and what is for other architectures or profiles only, is left out.
    """
    source = next(iter(Deb822.iter_paragraphs(control)), Deb822())
    names = []
    for field in ("Build-Depends", "Build-Depends-Arch", "Build-Depends-Indep"):
        for relation in source.get(field, "").split(","):
            first = relation.split("|")[0]
            name = re.match(r"\s*([a-z0-9][a-z0-9+.-]+)", first)
            restricted = re.search(r"\[(?!!)|<(?!!|!)", first)
            if name and not restricted and not _UNWANTED_DEB.match(name[1]):
                names.append(name[1])
    return tuple(dict.fromkeys(names))


def spec_build_requires(spec: str) -> tuple[str, ...]:
    """Names in the BuildRequires of a spec, without versions and what only macros know."""
    names: list[str] = []
    for line in re.findall(r"^BuildRequires:[ \t]*(.+)$", spec, re.MULTILINE | re.IGNORECASE):
        plain = re.sub(r"\s*(?:[<>]=?|=)\s*\S+", "", line.replace("%{?_isa}", ""))
        names += re.split(r"[\s,]+", plain.strip())
    wanted = (n for n in names if n and not _MACRO.search(n) and not _UNWANTED_RPM.match(n))
    return tuple(dict.fromkeys(wanted))


def own_spec(tree: Path) -> str:
    """The text of the tree's one spec, empty without (or with several)."""
    for directory in SPEC_DIRECTORIES:
        found = sorted((tree / directory).glob("*.spec"))
        if found:
            return found[0].read_text(errors="replace") if len(found) == 1 else ""
    return ""


def control_text(tree: Path) -> str:
    """The text of debian/control, empty without one."""
    return _text(tree / "debian/control")


def _from_control(tree: Path) -> Metadata:
    paragraphs = list(Deb822.iter_paragraphs(control_text(tree)))
    if not paragraphs:
        return Metadata()
    # Of a library's packages, the development package speaks of the whole.
    binaries = sorted(paragraphs[1:], key=lambda p: not p.get("Package", "").endswith("-dev"))
    text = binaries[0].get("Description", "") if binaries else ""
    first, _, rest = text.partition("\n")
    summary = re.sub(r"\s*(?:[(-]+\s*)?\bdevelopment (?:files|package)\b.*$", "", first, flags=re.I)
    body = re.sub(r"^ ?\.?$", "", rest.split("\n .")[0], flags=re.MULTILINE)
    return Metadata(summary, " ".join(body.split()), paragraphs[0].get("Homepage", ""))


def _from_spec(tree: Path) -> Metadata:
    text = own_spec(tree)
    if not text:
        return Metadata()
    preamble, *rest = split_sections(text)
    found = re.findall(r"^(Summary|URL|License):[ \t]*(.+)$", preamble.text, re.MULTILINE)
    tags = {name.lower(): value.strip() for name, value in found if not _MACRO.search(value)}
    bodies = [s.text.partition("\n")[2] for s in rest if s.text.startswith("%description\n")]
    description = " ".join(bodies[0].split()) if bodies and not _MACRO.search(bodies[0]) else ""
    return Metadata(
        tags.get("summary", ""), description, tags.get("url", ""), tags.get("license", "")
    )


def _from_pyproject(tree: Path) -> Metadata:
    project = _toml(tree / "pyproject.toml").get("project")
    if not isinstance(project, Mapping):
        return Metadata()
    urls = project.get("urls")
    by_name = {k.lower(): v for k, v in urls.items()} if isinstance(urls, Mapping) else {}
    licence = project.get("license", "")
    return Metadata(
        _plain(project.get("description")),
        homepage=_plain(by_name.get("homepage") or by_name.get("repository")),
        licence=_plain(licence.get("text") if isinstance(licence, Mapping) else licence),
    )


def _from_cargo(tree: Path) -> Metadata:
    package = _toml(tree / "Cargo.toml").get("package")
    if not isinstance(package, Mapping):
        return Metadata()
    said = (_plain(package.get(name)) for name in ("description", "homepage", "license"))
    summary, homepage, licence = said
    return Metadata(summary, homepage=homepage, licence=licence)


def _from_opam(tree: Path) -> Metadata:
    files = [*sorted(tree.glob("*.opam")), *sorted(tree.glob("opam"))]
    text = _text(files[0]) if files else ""
    tags = dict(re.findall(r'^(synopsis|homepage|license):\s*"([^"]*)"', text, re.MULTILINE))
    return Metadata(
        tags.get("synopsis", ""), homepage=tags.get("homepage", ""), licence=tags.get("license", "")
    )


def _from_readme(tree: Path) -> Metadata:
    """A guess: the subtitle of the README, or its first sentence."""
    names = sorted(p.name for p in tree.iterdir() if re.match(r"README(?:\.\w+)?$", p.name, re.I))
    blocks = list(_paragraphs(_text(tree / names[0]))) if names else []
    if not blocks:
        return Metadata()
    title = re.match(r"#*\s*\S+\s*(?:\s[-\u2013\u2014]+|:)\s+(\S.+)$", blocks[0])
    prose = next((b for b in blocks if len(b.split()) > 4 and not _NO_SUMMARY.match(b)), "")
    sentence = re.split(r"(?<=[.!?])\s", prose)[0].rstrip(".")
    subject = re.sub(r"^\S+(?: \([^)]*\))? is (?:an? |the )?(?=\w)", "", sentence)
    guess = title[1] if title else subject
    fits = MIN_SUMMARY <= len(guess) <= MAX_SUMMARY and not guess.endswith(":")
    return Metadata(guess if fits else "", prose, source=names[0])


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs on one line each, without badges, rules and markup."""
    for block in re.split(r"\n\s*\n", text[:4000]):
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|<[^>]+>|[*_`]", r"\1", block)
        plain = re.sub(r"^[=\-~^#*]{3,}\s*$", "", plain, flags=re.MULTILINE)
        if words := " ".join(plain.split()):
            yield words


def _toml(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError:
        return {}


def _plain(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.is_file() else ""
