"""A component taken as packages instead of source: from the farm's archive, or the distribution.

Its packages are unpacked into the prefix as if it had been built there, so what is built from
source finds it in the same place, and no root is needed. apt fetches and verifies them, with a
state of its own below the workspace; from the farm's archive only what the archive's key signed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from farm.build.deb.private_apt import make_private_apt
from farm.workspace import prefix as installing
from farm.workspace.errors import WorkspaceError
from farm.workspace.records import ComponentFiles, Inputs, Record, load_record, observable
from farm.workspace.workspace import Workspace, download

FROM_ARCHIVE, FROM_DISTRIBUTION = "archive", "distribution"
_REWRITTEN = re.compile(r"\.(?:pc|cmake)$|^bin/[^/]+-config$")
"""Text files that say where the package is, by path below the prefix."""
_USR = re.compile(r"(?:(?<=-I)|(?<=-L)|(?<![\w}/.-]))/usr(?=[/\s\"';:]|$)")
_UNWANTED = re.compile(r"-dbg(?:sym)?$")


def take_packages(workspace: Workspace, name: str) -> tuple[str, Record]:
    """Put a component's packages into the prefix in place of what was built.

    The workspace's lock must be held.

    :return: where they come from, and what was installed.
    :raises WorkspaceError: there are none, they cannot be had, or the prefix cannot be written.
    """
    if workspace.settings.family != "deb":
        raise WorkspaceError(
            "only packages of deb distros can be unpacked into a prefix; "
            f"leave {name} to be built from source"
        )
    files = ComponentFiles(workspace.layout.component(name))
    archive = workspace.settings.archive
    apt = Apt(workspace, archive)
    found = apt.packages_of(name)
    if not found:
        origin = archive or "this system's distribution"
        raise WorkspaceError(f"{origin} has no packages of source {name}")
    scratch = workspace.layout.scratch / f"packages-{name}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        stage = unpack(apt.fetch(found, scratch), scratch / "stage", workspace.settings.prefix_path)
        record = _install(workspace, name, files, stage, found)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    shutil.rmtree(files.tree, ignore_errors=True)
    files.evidence.unlink(missing_ok=True)
    return (FROM_ARCHIVE if archive else FROM_DISTRIBUTION), record


def _install(
    workspace: Workspace, name: str, files: ComponentFiles, stage: Path, found: Mapping[str, str]
) -> Record:
    prefix = workspace.settings.prefix_path
    staged = installing.scan_stage(stage, prefix)
    before = load_record(files)
    old = before.installed if before else {}
    root = stage / str(prefix).lstrip("/")
    installed = installing.describe_installed(root, prefix, staged.files, old, used=True)
    sources = " ".join(f"{package}={version}" for package, version in sorted(found.items()))
    record = Record(
        inputs=Inputs(f"packages {sources}", {}, {}, {}, {}),
        output=installing.output_digest(installed, observable(installed)),
        tests="not run",
        installed=installed,
        directories=list(staged.directories),
        built=time.time(),
        outside=list(staged.outside),
    )
    present = installing.present_in(prefix, {*staged.files, *old})
    owners = dict(_owners(workspace, name))
    plan = installing.plan_install(staged.files, old, present, owners, name)
    return installing.commit(files, root, prefix, plan, record)


def _owners(workspace: Workspace, name: str) -> Iterator[tuple[str, str]]:
    for other in workspace.entries:
        if other != name:
            record = load_record(ComponentFiles(workspace.layout.component(other)))
            yield from ((path, other) for path in (record.installed if record else ()))


class Apt:
    """apt on the farm's archive, or on the system's own package lists.

    :param archive: URL or directory of one line of the archive; empty for the distribution.
    """

    def __init__(self, workspace: Workspace, archive: str):
        self._options: list[str] = []
        if not archive:
            return
        if workspace.offline and not archive.startswith(("/", "file://")):
            raise WorkspaceError(f"offline, and the archive is on the network: {archive}")
        state = workspace.layout.state / "archive"
        shutil.rmtree(state / "lists", ignore_errors=True)
        state.mkdir(parents=True, exist_ok=True)
        url = f"file://{archive}" if archive.startswith("/") else archive
        sources = download(f"{url.rstrip('/')}/farm.sources").decode(errors="replace")
        (state / "farm.sources").write_text(with_uri(sources, url), "utf-8")
        configuration = make_private_apt(state, "farm.sources", {"APT::Sandbox::User": ""})
        self._options = ["-c", str(configuration)]
        _run("read the archive", ["apt-get", *self._options, "-q", "--error-on=any", "update"])

    def packages_of(self, source: str) -> dict[str, str]:
        """The packages that were made from a source, for this machine: name to version."""
        listed = _run("list packages", ["apt-cache", *self._options, "dumpavail"])
        native = _run("ask for the architecture", ["dpkg", "--print-architecture"]).strip()
        return packages_of_source(listed, source, (native, "all"))

    def fetch(self, packages: Mapping[str, str], place: Path) -> list[Path]:
        """Download packages into a directory; apt verifies them."""
        wanted = [f"{name}={version}" for name, version in sorted(packages.items())]
        _run("fetch packages", ["apt-get", *self._options, "-q", "download", *wanted], cwd=place)
        return sorted(place.glob("*.deb"))


def packages_of_source(
    available: str, source: str, architectures: Collection[str]
) -> dict[str, str]:
    """The newest packages of a source in the output of ``apt-cache dumpavail``.

    Packages with debug information alone are left out.
    """
    from debian.debian_support import Version

    found: dict[str, str] = {}
    for paragraph in available.split("\n\n"):
        fields: dict[str, str] = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.MULTILINE))
        name = fields.get("Package", "")
        own = fields.get("Source", name).split(" ")[0]
        if own != source or fields.get("Architecture") not in architectures:
            continue
        version = fields["Version"]
        if _UNWANTED.search(name) or (name in found and Version(found[name]) >= Version(version)):
            continue
        found[name] = version
    return found


def with_uri(sources: str, url: str) -> str:
    """An archive's client configuration, with the address that it was found at."""
    return re.sub(r"^URIs:.*$", lambda _: f"URIs: {url.rstrip('/')}/", sources, flags=re.MULTILINE)


def unpack(packages: Sequence[Path], stage: Path, prefix: Path) -> Path:
    """Unpack packages into a staging directory, with the prefix in place of /usr.

    Libraries of the machine's architecture lie in lib itself, where builds look for them.
    """
    raw = stage.with_name("unpacked")
    for package in packages:
        _run(f"unpack {package.name}", ["dpkg-deb", "--extract", str(package), str(raw)])
    root = stage / str(prefix).lstrip("/")
    for original in sorted(raw.rglob("*")):
        if original.is_dir() and not original.is_symlink():
            continue
        path = relocated(original.relative_to(raw).as_posix())
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        original.rename(place)
        if _REWRITTEN.search(path) and place.is_file() and not place.is_symlink():
            text = place.read_text("utf-8", "surrogateescape")
            place.write_text(rewritten(text, prefix), "utf-8", "surrogateescape")
    root.mkdir(parents=True, exist_ok=True)
    return stage


def _multiarch() -> str:
    return f"{os.uname().machine}-linux-gnu"


def relocated(path: str) -> str:
    """Where a package's file goes below the prefix."""
    return path.removeprefix("usr/").replace(f"lib/{_multiarch()}/", "lib/", 1)


def rewritten(text: str, prefix: Path) -> str:
    """Text that says where a package is, for its place in the prefix."""
    plain = text.replace(f"/lib/{_multiarch()}", "/lib")
    return _USR.sub(lambda _: str(prefix), plain)


def _run(what: str, argv: Sequence[str], *, cwd: Path | None = None) -> str:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise WorkspaceError(f"{argv[0]} is not installed") from error
    if done.returncode:
        tail = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines()[-10:])
        raise WorkspaceError(f"cannot {what}: {argv[0]} exited with {done.returncode}\n{tail}")
    return done.stdout
