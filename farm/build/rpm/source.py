"""What goes into a source package: a spec, the source tarball, and what else the spec names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from farm.build.interface import BuildRequest
from farm.build.rpm.archive import write_archive
from farm.build.rpm.own_spec import find_spec, spec_sources, with_version
from farm.build.rpm.rpmbuild import without_files
from farm.build.rpm.sections import split_sections
from farm.errors import BuildFailure
from farm.packaging.info import PackagingInfo
from farm.packaging.spec import spec_text
from farm.packaging.spec_scripts import check_lines


@dataclass(frozen=True)
class Source:
    """A spec and its source files in one directory, ready to be put into a root."""

    directory: Path
    """Holds the spec and everything it names; all files have the commit's time."""
    spec: str
    """File name of the spec."""
    text: str
    generated: bool
    has_tests: bool


def own_source(request: BuildRequest, directory: Path, expand: Callable[[str], str]) -> Source:
    """Collect the sources of a component that brings its spec.

    :param directory: an empty directory to collect them in.
    :param expand: gives a spec's text with its macros expanded, as the distro expands them.
    :raises BuildFailure: the spec does not serve.
    """
    info = request.info
    spec = find_spec(request.tree)
    text = with_version(spec.read_text(), info)
    names = spec_sources(expand(text), info.name, info.version.upstream)
    write_archive(
        request.tree, directory / names.archive, top=names.directory, timestamp=info.timestamp
    )
    for name in names.others:
        file = spec.parent / name
        if file.is_symlink() or not file.is_file():
            raise BuildFailure("package", f"{spec.name} names {name}, which is not beside it")
        shutil.copyfile(file, directory / name)
    check = [s.text.strip() for s in split_sections(text) if s.name == "check"]
    source = Source(directory, spec.name, text, False, any("\n" in body for body in check))
    return put_spec(source, text, info.timestamp)


def generated_source(request: BuildRequest, directory: Path) -> Source:
    """Collect the sources of a component whose packaging the farm writes.

    The spec is provisional: it says how to build, and not yet what files there will be.
    """
    info = request.info
    text = without_files(spec_text(info, None))
    top = f"{info.name}-{info.version.upstream}"
    named = re.search(r"^Source0:\s*(\S+)$", text, re.MULTILINE)
    archive = _expanded(named[1] if named else f"{top}.tar.xz", info)
    write_archive(request.tree, directory / archive, top=top, timestamp=info.timestamp)
    source = Source(directory, f"{info.name}.spec", text, True, bool(check_lines(info)))
    return put_spec(source, text, info.timestamp)


def published_source(package: Path, directory: Path, timestamp: int) -> Source:
    """Unpack a published source RPM, to build it as it is.

    :raises BuildFailure: it is damaged, or has not exactly one spec.
    """
    argv = ["cpio", "--extract", "--quiet", "--no-absolute-filenames"]
    with subprocess.Popen(["rpm2cpio", package], stdout=subprocess.PIPE) as reading:
        unpacking = subprocess.run(
            argv, cwd=directory, stdin=reading.stdout, capture_output=True, check=False
        )
    specs = sorted(directory.glob("*.spec"))
    if reading.returncode or unpacking.returncode or len(specs) != 1:
        raise BuildFailure("unpack", f"{package.name} is no source package with one spec")
    text = specs[0].read_text()
    has_tests = any(section.name == "check" for section in split_sections(text))
    source = Source(directory, specs[0].name, text, False, has_tests)
    return put_spec(source, text, timestamp)


def put_spec(source: Source, text: str, timestamp: int) -> Source:
    """Write the spec's text to its file, and give every file the commit's time."""
    (source.directory / source.spec).write_text(text)
    for file in source.directory.iterdir():
        file.chmod(0o644)
        os.utime(file, (timestamp, timestamp))
    return Source(source.directory, source.spec, text, source.generated, source.has_tests)


def build_requires(text: str) -> list[str]:
    """The requirements in the text of a generated spec, one per line and without macros."""
    lines = re.findall(r"^BuildRequires:[ \t]*(.*\S)", text, re.MULTILINE)
    return sorted(line.replace("%%", "%") for line in lines)


def _expanded(name: str, info: PackagingInfo) -> str:
    return name.replace("%{name}", info.name).replace("%{version}", info.version.upstream)
