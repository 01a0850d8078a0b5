"""What can go wrong in a workspace: interrupts, crashes, full disks, other users, no tools."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.workspaces import World, environment

pytestmark = pytest.mark.real

FARM = (
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'farm'; from farm.cli.main import main; main()",
)
PATIENCE_S = 120.0

LIBRARY = """PREFIX = /usr/local
all: libx.a
libx.a: a.o b.o
\tar crD $@ a.o b.o
CPPFLAGS += -MMD
-include *.d
install: all
\tmkdir -p $(DESTDIR)$(PREFIX)/lib
\tcp libx.a $(DESTDIR)$(PREFIX)/lib/
"""


class Place:
    """One component whose build can be made to wait, and `farm` called on it."""

    def __init__(self, root: Path):
        self.world = World(root)
        self.reached = root / "reached"
        self.upstream = self.world.component("lib")
        self.upstream.commit(Makefile=LIBRARY, **{"a.c": "int a;\n", "b.c": "int b;\n"})
        self.world.workspace()
        self.farm("clone", "lib")
        self.source = root / "ws" / "lib"
        self.tree = root / "ws" / ".farm" / "components" / "lib" / "tree"

    def farm(self, *arguments: str, status: int = 0, **more: str) -> str:
        done = subprocess.run(
            [*FARM, *arguments],
            cwd=self.world.root / "ws",
            env=environment(**more),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def build_until_waiting(self) -> subprocess.Popen[str]:
        """Start a build that waits while it compiles b.c, once it has got there."""
        wait = f"\techo > {self.reached}; sleep 600; $(CC) $(CPPFLAGS) -c $<\n"
        (self.source / "Makefile").write_text(LIBRARY + "b.o: b.c\n" + wait)
        build = subprocess.Popen(
            # What a shell starts in the background ignores Ctrl-C, and so do its children.
            ["/usr/bin/env", "--default-signal=INT", *FARM, "build", "-j1"],
            cwd=self.world.root / "ws",
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = time.monotonic() + PATIENCE_S
        while not self.reached.exists():
            assert build.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        return build

    def running(self) -> list[str]:
        """Processes of the build that live."""
        marked = f"FARM_BUILD_TREE={self.tree}".encode()
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if marked in (place / "environ").read_bytes():
                    found.append(place.name)
            except OSError:
                continue
        return found

    def installed(self) -> list[str]:
        prefix = self.world.root / "ws" / "prefix"
        return sorted(str(p.relative_to(prefix)) for p in prefix.rglob("*") if p.is_file())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_ctrl_c_ends_everything_and_the_next_build_goes_on(place: Place) -> None:
    build = place.build_until_waiting()
    build.send_signal(signal.SIGINT)
    said, _ = build.communicate(timeout=PATIENCE_S)
    assert build.returncode == 130
    assert "interrupted" in said
    assert place.running() == []
    assert place.installed() == []
    (place.source / "Makefile").write_text(LIBRARY)
    assert "1 built" in place.farm("build")
    assert place.installed() == ["lib/libx.a"]


def test_after_kill_9_leftovers_are_ended_and_nothing_half_made_is_used(place: Place) -> None:
    build = place.build_until_waiting()
    build.kill()
    build.communicate()
    assert place.running()
    (place.tree / "a.o").write_bytes(b"half")
    (place.source / "Makefile").write_text(LIBRARY)
    assert "1 built" in place.farm("build")
    assert place.running() == []
    assert place.installed() == ["lib/libx.a"]


def test_status_answers_while_a_build_runs(place: Place) -> None:
    build = place.build_until_waiting()
    assert "not built" in place.farm("status")
    build.send_signal(signal.SIGINT)
    build.communicate(timeout=PATIENCE_S)


def test_a_missing_tool_is_named_with_its_package(place: Place) -> None:
    place.world.component("other").commit(**{"meson.build": "project('x', 'c')\n"})
    tools = place.world.root / "tools"
    tools.mkdir()
    for name in ("git", "make", "cc", "sh"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    said = place.farm("install", "other", status=1, PATH=str(tools))
    assert "meson" in said and "ninja-build" in said and "apt-get install" in said


def test_a_component_that_nothing_is_known_of_is_named(place: Place) -> None:
    place.world.component("other").commit(README="?")
    said = place.farm("install", "other", status=1)
    assert "other: nothing says how it is built" in said


def test_an_install_that_ignores_the_prefix_changes_nothing(place: Place) -> None:
    makefile = LIBRARY.replace("$(DESTDIR)$(PREFIX)", "$(PREFIX)")
    (place.source / "Makefile").write_text(makefile)
    said = place.farm("build", status=1)
    assert "install failed" in said and "Read-only" in said
    assert place.installed() == []


def test_a_full_disk_is_said_and_leaves_what_was_there(place: Place) -> None:
    place.farm("build")
    before = place.installed()
    stage = place.world.root / "small"
    stage.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", stage], check=True)
    try:
        state = place.world.root / "ws" / ".farm"
        shutil.copytree(state, stage / ".farm", symlinks=True)
        state.rename(place.world.root / "ws" / "old")
        state.symlink_to(stage / ".farm")
        (place.source / "big.txt").write_bytes(os.urandom(400_000))
        said = place.farm("build", status=1)
        assert "No space left on device" in said
        assert place.installed() == before
    finally:
        subprocess.run(["umount", stage], check=True)


def test_a_user_without_privileges_gets_the_same() -> None:
    user = pwd.getpwnam("nobody")
    # Not in pytest's directory, which is root's alone.
    with tempfile.TemporaryDirectory() as directory:
        place = Place(Path(directory))
        place.farm("build")
        (place.source / "a.c").write_text("int a = 2;\n")
        subprocess.run(["chown", "-R", f"{user.pw_uid}:{user.pw_gid}", directory], check=True)
        done = subprocess.run(
            [
                *("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}"),
                *("--clear-groups", *FARM, "build"),
            ],
            cwd=Path(directory, "ws"),
            env=environment(HOME="/nonexistent"),
            capture_output=True,
            text=True,
            check=False,
        )
    assert "1 built" in done.stdout, done.stdout + done.stderr


def test_a_prefix_that_cannot_be_written_is_named(place: Place) -> None:
    prefix = place.world.root / "ws" / "prefix"
    prefix.write_text("a file in the way")
    said = place.farm("build", status=1)
    assert str(prefix) in said and "Traceback" not in said


def test_submodules_are_said_to_be_empty(place: Place) -> None:
    other = place.world.component("other").path
    (other / "x").touch()
    place.world.upstream["other"].commit()
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "vendor"],
        cwd=place.source,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0
    assert "lib: submodules are empty in builds: vendor" in place.farm("build", "lib")
