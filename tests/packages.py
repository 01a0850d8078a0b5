"""Builders of tiny real packages (.deb with .dsc, .rpm with .src.rpm) and of a pool of them.

The same arguments always give the same bytes for Debian packages, which need no tools at all.
RPMs are made by rpmbuild.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.job.model import BuildResult, PoolFile
from farm.run import clean_environment
from repo_publish.model import Published

MTIME = 1_700_000_000


@dataclass(frozen=True)
class Rpm:
    """What `build_rpms` makes one source package and its binary packages from."""

    name: str
    version: str
    release: str = "1.el9"
    requires: str = ""
    content: str = ""
    """Installed as ``/usr/share/<package>/content``; default: name and version."""
    binaries: tuple[str, ...] = ()
    """Names of the binary packages; default: one, named as the source."""
    preamble: str = ""
    """Further lines for the source package: ``BuildRequires: make``."""
    more: str = ""
    """Further lines of every binary package: ``Conflicts: other``."""
    also: str = ""
    """Path of a further file that every binary package installs."""
    scripts: str = ""
    """Sections of the spec for every binary package, with ``{package}`` for its name:
    ``%post -n {package}``."""


def build_deb(
    directory: Path,
    name: str,
    version: str,
    *,
    depends: str = "",
    architecture: str = "all",
    content: str = "",
    binaries: Sequence[str] = (),
    source_fields: str = "",
    fields: str = "",
    control: Mapping[str, str] | None = None,
    scripts: Mapping[str, str] | None = None,
    also: str = "",
) -> list[Path]:
    """Write the source package and its binary packages; the .dsc is the first path.

    `binaries` are the names of the binary packages (default: one, named as the source). Each
    installs ``/usr/share/<package>/content``. A version with a revision gets an orig tarball
    whose bytes depend on the upstream version only. `source_fields` are further lines of the .dsc
    (``Build-Depends: make``), `fields` those of every binary package (`control` takes any text),
    `scripts` its maintainer scripts; `also` is the path of a further file in it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    extra = "".join(f"{line}\n" for line in source_fields.splitlines())
    sources = _deb_sources(directory, name, version, architecture, binaries or (name,), extra)
    more = {**dict(line.split(": ", 1) for line in fields.splitlines()), **(control or {})}
    debs = [
        _deb_binary(
            directory,
            package,
            name,
            version,
            {"Architecture": architecture, "Depends": depends, **more},
            {f"/usr/share/{package}/content": content or f"{package} {version}\n"}
            | ({also: content} if also else {}),
            scripts or {},
        )
        for package in binaries or (name,)
    ]
    return [*sources, *debs]


def build_rpms(directory: Path, *rpms: Rpm) -> dict[str, list[Path]]:
    """Build each of `rpms` with rpmbuild; name -> [source package, binary packages …]."""
    top = directory / "rpmbuild"
    (top / "SOURCES").mkdir(parents=True, exist_ok=True)
    specs = []
    for rpm in rpms:
        (top / "SOURCES" / f"{rpm.name}.txt").write_text(
            rpm.content or f"{rpm.name} {rpm.version}-{rpm.release}\n"
        )
        spec = top / f"{rpm.name}.spec"
        spec.write_text(_spec(rpm))
        specs.append(spec)
    subprocess.run(
        [
            *("rpmbuild", "-ba", "--quiet", "--nodeps", "--target", "x86_64"),
            *("--define", f"_topdir {top}", "--define", f"_dbpath {top}/db"),
            *("--define", "use_source_date_epoch_as_buildtime 1"),
            *("--define", "_buildhost farm.example.invalid"),
            *specs,
        ],
        check=True,
        capture_output=True,
        env=clean_environment(HOME=str(top), SOURCE_DATE_EPOCH=str(MTIME)),
    )
    return {
        rpm.name: [
            top / "SRPMS" / f"{rpm.name}-{rpm.version}-{rpm.release}.src.rpm",
            *(
                top / "RPMS/noarch" / f"{package}-{rpm.version}-{rpm.release}.noarch.rpm"
                for package in rpm.binaries or (rpm.name,)
            ),
        ]
        for rpm in rpms
    }


def store(
    pool: Path,
    component: str,
    distro: str,
    version: str,
    files: Sequence[Path],
    *,
    key: str = "",
    commit: str = "",
) -> Published:
    """Put a build's files into the pool with its result.json; what a publication says of it.

    The key is the digest of the component, the distro, the version and the files by default.
    """
    described = [_pool_file(path) for path in files]
    if not key:
        digest = hashlib.sha256(f"{component} {distro} {version}".encode())
        for file in described:
            digest.update(file.sha256.encode())
        key = digest.hexdigest()
    commit = commit or hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    directory = pool / key[:2] / key
    directory.mkdir(parents=True, exist_ok=True)
    for path in files:
        (directory / path.name).write_bytes(path.read_bytes())
    result = BuildResult(
        key=key,
        component=component,
        distro=distro,
        commit=commit,
        version=version,
        upstream_version=version.partition("-")[0],
        rebuild=0,
        files=tuple(described),
        tests="passed",
        output_digest=key,
        root_identity="0" * 64,
        phases={},
    )
    (directory / "result.json").write_text(result.model_dump_json())
    return Published(component=component, key=key, commit=commit)


def _pool_file(path: Path) -> PoolFile:
    data = path.read_bytes()
    binary = path.suffix in (".deb", ".rpm") and not path.name.endswith(".src.rpm")
    return PoolFile(
        filename=path.name,
        kind="log" if path.suffix == ".log" else "binary" if binary else "source",
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        package=path.name.split("_")[0] if path.suffix == ".deb" else "",
    )


def _spec(rpm: Rpm) -> str:
    requires = f"Requires: {rpm.requires}\n" if rpm.requires else ""
    requires += "".join(f"{line}\n" for line in rpm.more.splitlines())
    binaries = rpm.binaries or (rpm.name,)
    others = "".join(
        f"%package -n {package}\nSummary: A tiny package\n{requires}"
        f"%description -n {package}\nA tiny package.\n\n"
        for package in binaries
        if package != rpm.name
    )
    installs = "".join(
        f"install -D -m 644 %{{SOURCE0}} %{{buildroot}}{path}\n"
        for package in binaries
        for path in (f"/usr/share/{package}/content", rpm.also)
        if path
    )
    files = "".join(
        f"%files{'' if package == rpm.name else f' -n {package}'}\n/usr/share/{package}\n"
        f"{rpm.also}\n\n"
        for package in binaries
    )
    scripts = "".join(rpm.scripts.replace("{package}", package) + "\n" for package in binaries)
    return f"""\
# Nothing in these packages needs stripping or compressing, and that takes half of the time.
%define __os_install_post %{{nil}}
Name: {rpm.name}
Version: {rpm.version}
Release: {rpm.release}
Summary: A tiny package
License: MIT
Source0: {rpm.name}.txt
BuildArch: noarch
AutoReqProv: no
{rpm.preamble}
{requires}
%description
A tiny package.

{others}%install
{installs}
{scripts}
{files}"""


def _deb_sources(
    directory: Path,
    name: str,
    version: str,
    architecture: str,
    binaries: Sequence[str],
    extra: str,
) -> list[Path]:
    fields = f"Maintainer: Farm <farm@example.invalid>\nStandards-Version: 4.6.2\n{extra}"
    control = f"Source: {name}\nSection: misc\nPriority: optional\n{fields}" + "".join(
        f"\nPackage: {package}\nArchitecture: {architecture}\nDescription: tiny\n A tiny package.\n"
        for package in binaries
    )
    debian = {
        "debian/changelog": f"{name} ({version}) unstable; urgency=medium\n\n  * Made.\n\n"
        " -- Farm <farm@example.invalid>  Tue, 14 Nov 2023 22:13:20 +0000\n",
        "debian/control": control,
        "debian/rules": "#!/usr/bin/make -f\n%:\n\ttrue\n",
    }
    upstream, _, revision = version.rpartition("-")
    if revision and upstream:
        plain = upstream.rpartition(":")[2]
        orig = directory / f"{name}_{plain}.orig.tar.gz"
        orig.write_bytes(
            gzip.compress(_tar({f"{name}-{plain}/README": f"{name} {plain}\n"}), mtime=0)
        )
        packaging = directory / f"{name}_{plain}-{revision}.debian.tar.xz"
        packaging.write_bytes(
            lzma.compress(_tar({**debian, "debian/source/format": "3.0 (quilt)\n"}))
        )
        tarballs, source_format = [orig, packaging], "3.0 (quilt)"
    else:
        plain = version.rpartition(":")[2]
        native = directory / f"{name}_{plain}.tar.xz"
        tree = {f"{name}-{plain}/{path}": text for path, text in debian.items()}
        tree[f"{name}-{plain}/debian/source/format"] = "3.0 (native)\n"
        native.write_bytes(lzma.compress(_tar(tree)))
        tarballs, source_format = [native], "3.0 (native)"
    dsc = directory / f"{name}_{version.rpartition(':')[2]}.dsc"
    dsc.write_text(
        f"Format: {source_format}\nSource: {name}\nBinary: {', '.join(binaries)}\n"
        f"Architecture: {architecture}\nVersion: {version}\n{fields}Package-List:\n"
        + "".join(f" {p} deb misc optional arch={architecture}\n" for p in binaries)
        + _checksums("Checksums-Sha1", "sha1", tarballs)
        + _checksums("Checksums-Sha256", "sha256", tarballs)
        + _checksums("Files", "md5", tarballs)
    )
    return [dsc, *tarballs]


def _checksums(field: str, algorithm: str, files: Sequence[Path]) -> str:
    lines = [
        f" {hashlib.new(algorithm, f.read_bytes()).hexdigest()} {f.stat().st_size} {f.name}\n"
        for f in files
    ]
    return f"{field}:\n" + "".join(lines)


def _deb_binary(
    directory: Path,
    package: str,
    source: str,
    version: str,
    more: Mapping[str, str],
    files: Mapping[str, str],
    scripts: Mapping[str, str],
) -> Path:
    fields = {
        "Package": package,
        "Source": source if source != package else "",
        "Version": version,
        "Maintainer": "Farm <farm@example.invalid>",
        "Section": "misc",
        "Priority": "optional",
        **more,
        "Description": "tiny\n A tiny package.",
    }
    control = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
    name = f"{package}_{version.rpartition(':')[2]}_{more['Architecture']}.deb"
    path = directory / name.replace("/", "%")
    members = {"./control": control, **{f"./{name}": text for name, text in scripts.items()}}
    path.write_bytes(
        b"!<arch>\n"
        + _ar_member("debian-binary", b"2.0\n")
        + _ar_member("control.tar.gz", gzip.compress(_tar(members), mtime=0))
        + _ar_member(
            "data.tar.gz",
            gzip.compress(_tar({f".{path}": text for path, text in files.items()}), mtime=0),
        )
    )
    return path


def _ar_member(name: str, data: bytes) -> bytes:
    header = f"{name:<16}{MTIME:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n"
    return header.encode() + data + b"\n" * (len(data) % 2)


def _tar(files: Mapping[str, str]) -> bytes:
    """A tar of text files and the directories above them; ``rules`` and scripts are executable."""
    out = io.BytesIO()
    directories: set[str] = set()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, text in files.items():
            for parent in reversed(Path(name).parents):
                above = f"./{parent}" if name.startswith("./") else str(parent)
                if str(parent) != "." and above not in directories:
                    directories.add(above)
                    info = tarfile.TarInfo(above)
                    info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o755, MTIME
                    tar.addfile(info)
            info = tarfile.TarInfo(name)
            data = text.encode()
            info.size, info.mtime = len(data), MTIME
            info.mode = 0o755 if name.endswith(("/rules", "inst", "rm")) else 0o644
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()
