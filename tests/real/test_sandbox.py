"""The sandbox with real namespaces: isolation, throw-away changes, and death with its caller.

This machine's own root serves as the lower directory.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from farm.build.bubblewrap import BUILDER
from farm.build.sandbox import Overlay
from farm.build.stream import TimeLimitExceeded
from farm.errors import CommandError, FarmError, InfrastructureError

pytestmark = pytest.mark.real

MACHINE = [Path("/")]


def processes_with(text: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def wait_until_gone(text: str) -> list[int]:
    for _ in range(100):
        if not processes_with(text):
            return []
        time.sleep(0.05)
    return processes_with(text)


def test_a_build_is_an_unprivileged_user_alone_on_a_machine_without_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_SECRET", "s3cret")
    with Overlay(MACHINE, tmp_path) as root:

        def ask(script: str) -> str:
            return root.run("ask", ["sh", "-c", script], user=BUILDER)

        assert ask("id -u; id -G").split() == [str(BUILDER.uid), str(BUILDER.gid)]
        assert ask("hostname") == "farm\n"
        assert "FARM_SECRET" not in ask("env")
        assert int(ask("ls -d /proc/[0-9]* | wc -l")) < 6
        assert ask("grep -c : /proc/net/dev") == "1\n"
        assert "NoNewPrivs:\t1" in ask("cat /proc/self/status")
        assert ask("test -e /dev/vda || test -e /dev/sda || echo no disks") == "no disks\n"
        assert ask("touch /dev/shm/x && umask") == "0022\n"


def test_root_inside_can_install_but_not_mount(tmp_path: Path) -> None:
    with Overlay(MACHINE, tmp_path) as root:
        root.run("chown", ["sh", "-c", "touch /usr/x && chown 12:13 /usr/x"])
        with pytest.raises(CommandError):
            root.run("mount", ["mount", "-t", "tmpfs", "tmpfs", "/mnt"])

        assert (root.path / "usr/x").stat().st_uid == 12
    assert not Path("/usr/x").exists()


def test_changes_are_thrown_away_and_this_process_sees_no_mount(tmp_path: Path) -> None:
    before = Path("/proc/self/mounts").read_text()
    with Overlay(MACHINE, tmp_path) as root:
        root.run("write", ["sh", "-c", "echo x > /etc/farm-test"])
        assert (root.path / "etc/farm-test").read_text() == "x\n"
        assert Path("/proc/self/mounts").read_text() == before

    assert not Path("/etc/farm-test").exists()


def test_files_go_in_as_the_user_and_come_out_as_files(tmp_path: Path) -> None:
    with Overlay(MACHINE, tmp_path / "work") as root:
        root.put("/tmp/in", {"a/run": "#!/bin/sh\necho hello\n"}, user=BUILDER, mtime=1000)

        assert root.run("run it", ["/tmp/in/a/run"], user=BUILDER) == "hello\n"
        root.fetch("/tmp/in/a/run", tmp_path / "out")
        assert (tmp_path / "out").stat().st_mtime == 1000


def test_a_link_that_a_build_left_leads_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with Overlay(MACHINE, tmp_path / "work") as root:
        links = f"mkdir /tmp/d; ln -s {outside} /tmp/d/dir; ln -s /etc/shadow /tmp/d/file"
        root.run("make links", ["sh", "-c", links], user=BUILDER)

        with pytest.raises(FarmError):
            root.fetch("/tmp/d/file", tmp_path / "copy")
        with pytest.raises(CommandError):
            root.put("/tmp/d/dir", {"x": "escaped"}, user=BUILDER)

    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("on_disk", [True, False])
def test_changes_lie_where_they_are_wanted(tmp_path: Path, on_disk: bool) -> None:
    with Overlay(MACHINE, tmp_path, on_disk=on_disk) as root:
        root.run("write", ["sh", "-c", "echo x > /etc/farm-test"])

        seen = list(tmp_path.glob("disk/*/upper/etc/farm-test"))
        assert len(seen) == (1 if on_disk else 0)
    assert list(tmp_path.glob("disk/*")) == []


def test_a_kept_layer_lies_on_another_root(tmp_path: Path) -> None:
    base = tmp_path / "base"
    (base / "etc").mkdir(parents=True)
    (base / "etc/old").write_text("old")

    with Overlay([base], tmp_path / "work", upper=tmp_path / "layer") as root:
        (root.path / "etc/new").write_text("new")
        (root.path / "etc/old").unlink()
    with Overlay([base, tmp_path / "layer"], tmp_path / "work") as root:
        assert [p.name for p in (root.path / "etc").iterdir()] == ["new"]

    assert (base / "etc/old").read_text() == "old"


def test_overlays_at_once_share_mount_points_and_nothing_else(tmp_path: Path) -> None:
    with Overlay(MACHINE, tmp_path) as one, Overlay(MACHINE, tmp_path) as other:
        one.run("write", ["sh", "-c", "echo 1 > /etc/farm-test"])

        assert not (other.path / "etc/farm-test").exists()
        assert one.mount_point == other.mount_point


def test_programs_of_the_machine_see_the_root_where_it_is_mounted(tmp_path: Path) -> None:
    with Overlay(MACHINE, tmp_path) as root:
        root.run_host("write", ["mkdir", str(root.mount_point / "etc/farm-test")])

        assert (root.path / "etc/farm-test").is_dir()


def test_what_a_step_left_running_ends_with_it(tmp_path: Path) -> None:
    with Overlay(MACHINE, tmp_path) as root:
        root.run("leave", ["sh", "-c", "setsid sleep 71717 >/dev/null 2>&1 &"], user=BUILDER)

        assert processes_with("71717") == []


def test_a_failed_step_says_what_failed_and_what_it_printed(tmp_path: Path) -> None:
    lines: list[str] = []
    with Overlay(MACHINE, tmp_path) as root, pytest.raises(CommandError) as caught:
        root.run("try", ["sh", "-c", "echo one; exit 3"], output=lines.append)

    assert lines == ["one\n"]
    assert (caught.value.what, caught.value.exit_status) == ("try", 3)
    assert "one" in str(caught.value)


def test_a_time_limit_ends_everything_inside(tmp_path: Path) -> None:
    with Overlay(MACHINE, tmp_path) as root:
        with pytest.raises(TimeLimitExceeded):
            root.run("hang", ["sh", "-c", "setsid sleep 72727 & sleep 72728"], timeout_s=0.5)

        assert processes_with("7272") == []
        with pytest.raises(FarmError, match="the overlay is closed"):
            root.run("go on", ["true"])


def test_a_killed_caller_leaves_no_process_and_no_mount(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from farm.build.sandbox import Overlay\n"
        "with Overlay([Path('/')], Path(sys.argv[1])) as root:\n"
        "    root.run('hang', ['sh', '-c', 'setsid sleep 73737 & echo up; sleep 73738'],\n"
        "             output=lambda line: print(line, flush=True))\n"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert caller.stdout is not None
    assert caller.stdout.readline() == "up\n"
    assert len(processes_with("7373")) > 3

    caller.send_signal(signal.SIGKILL)
    caller.wait()

    assert wait_until_gone("7373") == []
    assert wait_until_gone(str(tmp_path)) == []
    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()


def test_a_root_that_is_not_there_is_the_machines_trouble(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="cannot make an overlay"):
        Overlay([tmp_path / "missing"], tmp_path / "work").__enter__()
