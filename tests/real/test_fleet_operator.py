"""Who runs a fleet patches a release with the family's own tools, and keeps the patch until the
farm has a newer commit."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from demo.rpm_distribution import build_distribution
from farm.build.bubblewrap import BUILDER
from farm.build.deb.overlay import DebOverlay
from farm.build.deb.roots import root_for
from farm.build.interface import BuildRequest
from farm.build.rpm.overlay import OverlayBackend
from farm.build.rpm.roots import root_in_use
from farm.build.sandbox import Overlay
from farm.model import Distro
from repo_publish.releases import release, start_stable
from tests.archive_clients import AptClient, DnfClient, Farm, add_package, served
from tests.deb_builds import deb_distro
from tests.packages import store
from tests.packaging_data import tree_info
from tests.projects import TIMESTAMP
from tests.real.cache import CACHE

pytestmark = pytest.mark.real

COMMIT = "1.0+git2.gc0ffee0"
NEWER_COMMIT = "1.0+git3.gdecade0"

CONFIGURE = """#!/bin/sh
for argument; do case $argument in --prefix=*) prefix=${argument#*=};; esac; done
sed "s|@prefix@|${prefix:-/usr/local}|" Makefile.in > Makefile
"""
MAKEFILE = """all:
check:
\tgrep -q Hello greeting
install:
\tmkdir -p $(DESTDIR)@prefix@/share/greeting
\tinstall -m 644 greeting $(DESTDIR)@prefix@/share/greeting/greeting
clean:
"""
PATCH = """--- a/greeting
+++ b/greeting
@@ -1 +1 @@
-Hello, world
+Hello, fleet
"""

# What docs/archives.md tells operators to do. The farm's own revision or release is always 1.
REBUILD_DEB = """
dpkg-source --extract greeting_*.dsc tree
cd tree
patch -p1 < ../fix.patch
sed -i '1s/-1[^-)]*)/-2+local1)/' debian/changelog
dpkg-buildpackage --build=binary --unsigned-source --unsigned-changes
"""
REBUILD_RPM = """
rpm --define "_topdir $PWD" --install greeting-*.src.rpm
cp fix.patch SOURCES
sed -i -e 's/^Release: *1/&/; s/^\\(Release: *\\)1/\\12.local1/' \\
    -e 's/^Source0:.*/&\\nPatch0: fix.patch/; s/^%autosetup/& -p1/' SPECS/greeting.spec
rpmbuild --define "_topdir $PWD" -bb SPECS/greeting.spec
"""


@pytest.fixture
def farm(family: str, tmp_path: Path) -> Iterator[Farm]:
    """Release 1.2 and its stable channel, with one package that the farm really built."""
    farm = Farm(tmp_path, family)
    with served(farm.archive) as farm.url:
        build_by_the_farm(farm)
        farm.publish()
        released = {farm.distro: 1}
        with Path(os.devnull).open("w") as log:
            release(farm.archive, "1.2", "development", released, farm.stores, log)
            start_stable(farm.archive, "1.2", farm.stores, log)
        yield farm


@pytest.mark.parametrize("family", ["deb"])
def test_a_patched_deb_stays_until_the_farm_has_a_newer_commit(farm: Farm) -> None:
    stable = farm.archive / "stable-1.2" / farm.distro
    client = AptClient(farm.directory / "client", (stable / "farm.sources").read_text())
    assert_done(client.apt_get("update"))
    assert_done(client.apt_get("install", "greeting"))
    assert client.version("greeting") == f"{COMMIT}-1~deb12"
    work = workshop(farm)
    assert_done(client.administer([f"cd {work}", "apt-get source --download-only greeting"]))
    rebuild(farm.family, work, REBUILD_DEB)
    (patched,) = work.glob("greeting_*.deb")

    assert_done(client.apt_get("install", str(patched)))

    assert client.version("greeting") == f"{COMMIT}-2+local1"
    assert (client.root / "usr/share/greeting/greeting").read_text() == "Hello, fleet\n"

    publish_in_stable(farm, f"{COMMIT}-1~deb12+r3")
    assert_done(client.apt_get("update"))
    assert_done(client.apt_get("dist-upgrade"))
    assert client.version("greeting") == f"{COMMIT}-2+local1"

    publish_in_stable(farm, f"{NEWER_COMMIT}-1~deb12")
    assert_done(client.apt_get("update"))
    assert_done(client.apt_get("dist-upgrade"))
    assert client.version("greeting") == f"{NEWER_COMMIT}-1~deb12"


@pytest.mark.parametrize("family", ["rpm"])
def test_a_patched_rpm_stays_until_the_farm_has_a_newer_commit(farm: Farm) -> None:
    stable = farm.archive / "stable-1.2" / farm.distro
    client = DnfClient(farm.directory / "client", (stable / "farm.repo").read_text())
    assert_done(client.dnf("install", "greeting"))
    assert client.version("greeting") == f"{COMMIT}-1.demo1"
    work = workshop(farm)
    assert_done(client.dnf("download", "--source", "--destdir", str(work), "greeting"))
    rebuild(farm.family, work, REBUILD_RPM)
    (patched,) = work.glob("RPMS/*/greeting-1*.rpm")

    assert_done(client.dnf("install", str(patched)))

    assert client.version("greeting") == f"{COMMIT}-2.local1.demo1"
    assert (client.root / "usr/share/greeting/greeting").read_text() == "Hello, fleet\n"

    publish_in_stable(farm, COMMIT, release="1.demo1.3")
    assert_done(client.dnf("upgrade"))
    assert client.version("greeting") == f"{COMMIT}-2.local1.demo1"

    publish_in_stable(farm, NEWER_COMMIT, release="1.demo1")
    assert_done(client.dnf("upgrade"))
    assert client.version("greeting") == f"{NEWER_COMMIT}-1.demo1"


def build_by_the_farm(farm: Farm) -> None:
    """Build the component as a worker does, and have its packages published."""
    distro = deb_distro() if farm.family == "deb" else rpm_distro()
    tree = farm.directory / "greeting"
    tree.mkdir()
    for name, text in {
        "configure": CONFIGURE,
        "Makefile.in": MAKEFILE,
        "greeting": "Hello, world\n",
    }.items():
        (tree / name).write_text(text)
    (tree / "configure").chmod(0o755)
    for path in (tree, *tree.iterdir()):
        os.utime(path, (TIMESTAMP, TIMESTAMP))
    out = farm.directory / "out"
    out.mkdir()
    info = tree_info(tree, distro, COMMIT, ())
    request = BuildRequest(info, tree, False, distro, (), CACHE, out, 300)
    backend = DebOverlay() if farm.family == "deb" else OverlayBackend()
    outcome = backend.build(request, io.StringIO())
    files = [out / name for name in (*outcome.source, *outcome.binaries)]
    farm.packages["greeting"] = store(farm.pool, "greeting", farm.distro, outcome.version, files)


def publish_in_stable(farm: Farm, version: str, **options: str) -> None:
    add_package(farm, "greeting", version, **options)
    farm.publish_json(farm.publication_json().replace('"development"', '"stable-1.2"'))


def rpm_distro() -> Distro:
    repository = build_distribution(CACHE / "demo-rpm")
    return Distro.model_validate(
        {
            "name": "demo-rpm",
            "family": "rpm",
            "release": "Demo 1",
            "architecture": os.uname().machine,
            "version_suffix": ".demo1",
            "root": {"repositories": {"demo": repository.as_uri()}},
        }
    )


def workshop(farm: Farm) -> Path:
    """A directory of the operator, with the patch in it; also the builder in a root may write."""
    work = farm.directory / "workshop"
    work.mkdir()
    (work / "fix.patch").write_text(PATCH)
    return work


@contextmanager
def clean_root(family: str) -> Iterator[Path]:
    if family == "deb":
        yield root_for(deb_distro(), CACHE, io.StringIO()).tree
    else:
        with root_in_use(rpm_distro(), CACHE, io.StringIO()) as root:
            yield root.path


def rebuild(family: str, work: Path, commands: str) -> None:
    """Run the commands in a clean root without network, as somebody without privileges."""
    for path in (work, *work.iterdir()):
        os.chown(path, BUILDER.uid, BUILDER.gid)
    with clean_root(family) as root, Overlay([root], CACHE / "mnt") as overlay:
        overlay.run(
            "rebuild",
            ["sh", "-exc", commands],
            user=BUILDER,
            cwd="/mnt",
            env={"HOME": "/mnt", "LANG": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            bind_writable={work: "/mnt"},
        )


def assert_done(done: CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout
