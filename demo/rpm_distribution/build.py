"""Making the distribution, once for each state of the machine's packages."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from demo.rpm_distribution import catalogue, machine
from demo.rpm_distribution.debs import Deb, closure
from demo.rpm_distribution.layout import Layout, lay_out
from demo.rpm_distribution.spec import RpmPackage, comps_xml, distribution_spec
from farm.run import clean_environment, run

IDENTITY_FILE = "identity"
BUILD_TIME = 1_000_000_000
"""Seconds since 1970 that all packages say they were built at: equal inputs, equal bytes."""

CREATEREPO = Path(sys.executable).with_name("createrepo_c")
"""The command of the createrepo-c wheel, beside the interpreter of the virtual environment."""


def build_distribution(
    out: Path,
    packages: Iterable[str] = catalogue.HOST_PACKAGES,
    log: TextIO = sys.stderr,
) -> Path:
    """Make the distribution's yum repository in `out`, unless it is there already.

    It is made again when a package's version on the machine, the list of packages or this code
    changed. Readers see the old or the new repository, never a half; two calls at once are safe.
    Needs root: files keep their owners.

    :param packages: Debian packages to take along with all they need.
    :returns: the absolute path of the repository.
    :raises FarmError: packages that are not installed, or a tool that fails.
    """
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.with_name(f"{out.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        debs = machine.installed_debs()
        requirements = closure(packages, debs, catalogue.UNWANTED)
        wanted = {name: debs[name] for name in requirements}
        identity = distribution_identity(wanted)
        marker = out / IDENTITY_FILE
        if marker.is_file() and marker.read_text() == identity:
            return out
        print(f"making the demo's RPM distribution from {len(wanted)} Debian packages", file=log)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
            made = _make(Path(scratch), wanted, requirements)
            (made / IDENTITY_FILE).write_text(identity)
            made.chmod(0o755)
            if out.exists():
                out.rename(Path(scratch) / "old")
            made.rename(out)
        print(f"{len(list((out / 'Packages').iterdir()))} RPMs in {out}", file=log)
    return out


def distribution_identity(debs: Mapping[str, Deb]) -> str:
    """Digest of all that the distribution is made from: package versions, and this code."""
    digest = hashlib.sha256()
    for name, deb in sorted(debs.items()):
        digest.update(f"{name}={deb.version}:{deb.architecture}\n".encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def rpm_packages(
    debs: Mapping[str, Deb],
    requirements: Mapping[str, tuple[str, ...]],
    layout: Layout,
    links: Iterable[str],
) -> list[RpmPackage]:
    """The RPMs of the distribution: one for each Debian package, and the made-up ones."""
    setup = ("/etc/group", "/etc/gshadow", "/etc/nsswitch.conf", "/etc/passwd", "/etc/shadow")
    release = ("/etc/demo-release", "/etc/system-release", "/usr/lib/os-release")
    packages = [
        # Without requirements: installed first, so that rpm can look up owners in the new root.
        RpmPackage("setup", files=setup, root_owned=True),
        RpmPackage(
            "filesystem",
            requires=("setup",),
            files=("/etc/ld.so.conf.d/zz-lib64.conf", *sorted(links)),
            directories=layout.directories,
        ),
        RpmPackage(
            "demo-release",
            requires=("filesystem",),
            provides=("system-release = 1", "system-release(releasever) = 1"),
            files=release,
        ),
        RpmPackage(
            "demo-rpm-config",
            requires=("filesystem", "rpm-build", "debugedit", "dwz", "elfutils", "file"),
            provides=("redhat-rpm-config", "system-rpm-config"),
            files=("/etc/rpm/macros.demo",),
        ),
        RpmPackage(catalogue.BUILD_GROUP, requires=catalogue.BUILD_ROOT),
    ]
    for name, deb in sorted(debs.items()):
        epoch, version, release_number = deb.rpm_version
        # Programs find libraries in /usr/lib64 by the cache that ldconfig (libc-bin) makes.
        more = ("filesystem", "libc-bin") if name == "libc6" else ("filesystem",)
        packages.append(
            RpmPackage(
                name,
                epoch=epoch,
                version=version,
                release=release_number,
                requires=(*requirements[name], *more),
                provides=(
                    *catalogue.ALSO_KNOWN_AS.get(name, ()),
                    *layout.extra_provides.get(name, ()),
                ),
                files=layout.files.get(name, ()),
                runs_ldconfig=name == "libc-bin",
            )
        )
    return packages


def _make(
    scratch: Path, debs: Mapping[str, Deb], requirements: Mapping[str, tuple[str, ...]]
) -> Path:
    links = machine.merged_directories()
    generated = {**machine.account_files(), **catalogue.GENERATED_FILES}
    layout = lay_out(
        machine.listed_paths(debs.values()),
        machine.alternatives(),
        generated=(*links, *generated),
        base_directories=catalogue.BASE_DIRECTORIES,
        excluded=catalogue.EXCLUDED,
    )
    root, made = scratch / "root", scratch / "repository"
    machine.stage(root, layout, links, generated)
    spec = scratch / "demo.spec"
    spec.write_text(distribution_spec(rpm_packages(debs, requirements, layout, links)))
    _rpmbuild(spec, root, made / "Packages")
    for rpm in (made / "Packages").iterdir():
        os.utime(rpm, (BUILD_TIME, BUILD_TIME))  # the index tells clients a file's time
    comps = scratch / "comps.xml"
    comps.write_text(comps_xml(catalogue.BUILD_GROUP, [catalogue.BUILD_GROUP]))
    repository = ["--quiet", f"--groupfile={comps}", "--general-compress-type=gz"]
    dated = [f"--revision={BUILD_TIME}", "--set-timestamp-to-revision"]
    run("index the demo's RPMs", [CREATEREPO, *repository, *dated, made])
    return made


def _rpmbuild(spec: Path, root: Path, out: Path) -> None:
    out.mkdir(parents=True)
    definitions = {
        "_topdir": spec.parent / "rpmbuild",
        "_rpmdir": out,
        "_dbpath": spec.parent / "rpmdb",
        "_buildhost": "demo",
        "use_source_date_epoch_as_buildtime": 1,
        "clamp_mtime_to_source_date_epoch": 1,
    }
    defines = [f"--define={name} {value}" for name, value in definitions.items()]
    run(
        "pack the demo's RPMs",
        # The build root is not rpmbuild's to delete: it would follow the merged links.
        ["rpmbuild", "-bb", "--noclean", "--quiet", *defines, f"--buildroot={root}", spec],
        env=clean_environment(SOURCE_DATE_EPOCH=str(BUILD_TIME), HOME=str(spec.parent)),
    )
