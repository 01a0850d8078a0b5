"""The workspace's small parts: observer, jobserver, views, environments, logs of configure."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from farm.workspace.configure_log import runs_programs
from farm.workspace.environment import build_environment, find_program, prefix_environment
from farm.workspace.errors import Stopped
from farm.workspace.facts import link_interface, without_debug
from farm.workspace.isolation import Isolation
from farm.workspace.jobserver import Jobserver
from farm.workspace.leftovers import end_leftovers
from farm.workspace.observer import Observer, source_directories
from farm.workspace.packages import install_command, packages_of_tools, parse_dpkg
from farm.workspace.processes import Processes, in_parallel
from farm.workspace.quick import answer, signature_of
from farm.workspace.view import update_view


def test_opened_files_are_observed_and_others_not(tmp_path: Path) -> None:
    for name in ("read", "unread", "sub/deep"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    observer = Observer(source_directories(tmp_path, ["read", "unread", "sub/deep"]))
    subprocess.run(["cat", "read", "sub/deep"], cwd=tmp_path, check=True)
    assert observer.opened() == {"read", "sub/deep"}
    observer.close()


def test_a_directory_that_cannot_be_watched_makes_everything_possible(tmp_path: Path) -> None:
    observer = Observer([(tmp_path / "nowhere", "")])
    assert observer.opened() is None
    observer.close()


def test_the_jobserver_gives_as_many_tokens_as_jobs() -> None:
    server = Jobserver(2)
    assert server.acquire(lambda: False)
    assert server.acquire(lambda: False)
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    assert not server.acquire(stop.is_set)
    server.release()
    assert server.acquire(lambda: False)
    server.close()


def test_make_takes_tokens_from_the_jobserver(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("all: a b\na b:\n\t@echo $@\n")
    server = Jobserver(2)
    done = subprocess.run(
        ["make", "-s"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "MAKEFLAGS": server.makeflags},
        pass_fds=server.descriptors,
        capture_output=True,
        text=True,
        check=True,
    )
    server.close()
    assert sorted(done.stdout.split()) == ["a", "b"]
    assert "jobserver" not in done.stderr


def test_a_view_holds_exactly_what_it_should(tmp_path: Path) -> None:
    prefix, view = tmp_path / "prefix", tmp_path / "view"
    for path in ("lib/a", "lib/b", "include/c"):
        (prefix / path).parent.mkdir(parents=True, exist_ok=True)
        (prefix / path).write_text(path)
    (prefix / "lib" / "link").symlink_to("a")
    update_view(view, prefix, ["lib/a", "lib/link", "include/c"])
    assert sorted(p.name for p in (view / "lib").iterdir()) == ["a", "link"]
    replacement = prefix / "new"
    replacement.write_text("changed")
    replacement.replace(prefix / "lib" / "a")
    update_view(view, prefix, ["lib/a"])
    assert (view / "lib" / "a").read_text() == "changed"
    assert [p.name for p in view.iterdir()] == ["lib"]


def test_what_a_thread_starts_sees_the_view_and_nobody_else(tmp_path: Path) -> None:
    isolation = Isolation()
    assert isolation.available, "needs root or user namespaces"
    prefix, view = tmp_path / "prefix", tmp_path / "view"
    for place, name in ((prefix, "whole"), (view, "part")):
        place.mkdir()
        (place / name).touch()
    seen: list[str] = []

    def work() -> None:
        with isolation.showing(view, prefix):
            ran = subprocess.run(
                ["sh", "-c", f"ls {prefix}; touch {prefix}/x 2>/dev/null || echo refused"],
                capture_output=True,
                text=True,
                check=True,
            )
            seen.extend(ran.stdout.split())
        seen.extend(p.name for p in prefix.iterdir())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == ["part", "refused", "whole"]
    assert [p.name for p in prefix.iterdir()] == ["whole"]


def test_the_prefix_comes_first_and_headers_are_left_to_flags(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    found = prefix_environment(tmp_path, {"PATH": "/usr/bin", "PYTHONPATH": "/mine"})
    assert found["PATH"].split(":")[0] == f"{tmp_path}/bin"
    assert found["PATH"].endswith(":/usr/bin")
    assert found["PYTHONPATH"] == f"{site}:/mine"
    assert "C_INCLUDE_PATH" not in found and "CPATH" not in found
    assert found["MANPATH"].endswith(":")


def test_builds_get_a_clean_environment_with_the_developers_flags(tmp_path: Path) -> None:
    host = {
        "PATH": "/usr/bin",
        "TMPDIR": "/odd",
        "CFLAGS": "-O0",
        "CPPFLAGS": "-DX",
        "LC_ALL": "tr",
    }
    made = build_environment(tmp_path, host, 7, 4)
    assert "TMPDIR" not in made and "LC_ALL" not in made
    assert (made["CFLAGS"], made["CPPFLAGS"]) == ("-O0", f"-I{tmp_path}/include -DX")
    assert made["SOURCE_DATE_EPOCH"] == "7"


def test_programs_are_found_on_the_path(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.touch()
    assert find_program("tool", f"/nowhere:{tmp_path}") == ""
    tool.chmod(0o755)
    assert find_program("tool", f"/nowhere:{tmp_path}") == str(tool)


HEAD = "It was created by x configure, which was\ngenerated by GNU Autoconf 2.71.\n"


@pytest.mark.parametrize(
    ("log", "runs"),
    [
        (
            f"{HEAD}configure:1: gcc -o conftest -O2 conftest.c  >&5\nconfigure:1: ./conftest\n",
            False,
        ),
        (f"{HEAD}configure:1: gcc -o conftest conftest.c -logg >&5\nconfigure:1: $? = 0\n", False),
        (
            f"{HEAD}configure:1: gcc -o conftest conftest.c -logg >&5\nconfigure:1: $? = 0\n"
            "configure:1: ./conftest\n",
            True,
        ),
        (
            f"{HEAD}configure:1: cc -o conftest /p/lib/libogg.a >&5\nconfigure:1: ./conftest\n",
            True,
        ),
        ("something else's log", True),
    ],
)
def test_configures_log_says_which_libraries_it_ran(log: str, runs: bool) -> None:
    assert runs_programs([log], ["libogg.a"], "/p") is runs


def test_without_a_log_nothing_is_known() -> None:
    assert runs_programs([], ["libogg.a"], "/p")


def compiled(directory: Path, text: str) -> Path:
    directory.mkdir()
    (directory / "x.c").write_text(text)
    subprocess.run(["cc", "-g", "-c", "x.c"], cwd=directory, check=True)
    subprocess.run(["ar", "cr", "libx.a", "x.o"], cwd=directory, check=True)
    return directory / "libx.a"


def test_a_comment_changes_nothing_that_can_be_observed(tmp_path: Path) -> None:
    plain = compiled(tmp_path / "a", "int f(void) { return 1; }\n")
    comment = compiled(tmp_path / "b", "/* one\n two */\nint f(void) { return 1; }\n")
    changed = compiled(tmp_path / "c", "int f(void) { return 2; }\n")
    symbol = compiled(tmp_path / "d", "int f(void) { return 1; }\nint g(void) { return 2; }\n")
    assert plain.read_bytes() != comment.read_bytes()
    assert without_debug(plain) == without_debug(comment) != without_debug(changed)
    assert link_interface(plain) == link_interface(changed) != link_interface(symbol)


def test_what_outlived_a_command_is_ended_and_nothing_else(tmp_path: Path) -> None:
    ours = subprocess.Popen(["sleep", "60"], env={"FARM_BUILD_TREE": str(tmp_path)})
    others = subprocess.Popen(["sleep", "60"], env={"FARM_BUILD_TREE": f"{tmp_path}-other"})
    waiter = threading.Thread(target=ours.wait)
    waiter.start()
    assert end_leftovers(tmp_path) == 1
    waiter.join(10)
    assert others.poll() is None
    others.kill()
    others.wait()


def test_stopping_ends_programs_with_their_children() -> None:
    processes = Processes()
    process = processes.start(
        ["sh", "-c", "sleep 60 & echo $!; wait"], environment={"PATH": os.environ["PATH"]}
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    processes.stop()
    process.communicate()
    assert not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text()
    with pytest.raises(Stopped):
        processes.start([sys.executable], environment={})


def test_one_failure_stops_parallel_work() -> None:
    def work(item: int) -> int:
        if item == 2:
            raise ValueError("two")
        return item

    with pytest.raises(ValueError, match="two"):
        list(in_parallel(Processes(), 1, [1, 2, 3], work))


def test_installed_packages_are_read_with_what_they_provide() -> None:
    printed = "installed\tpkgconf\t1.8\tpkg-config (= 1.8), x\nnot-installed\tgcc\t12\t\n"
    assert parse_dpkg(printed, ["pkg-config", "gcc", "pkgconf"]) == {
        "pkg-config": "pkgconf 1.8",
        "pkgconf": "1.8",
    }


def test_packages_are_named_as_the_system_names_them() -> None:
    assert packages_of_tools("deb", ["cc", "cmake", "ninja"]) == ["cmake", "gcc", "ninja-build"]
    assert install_command("rpm", ["gcc"], root=False)[:2] == ["sudo", "dnf"]


def test_the_quick_signature_sees_what_counts(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("1")
    directory, path = f"{tmp_path}/", str(file)
    first = signature_of([directory, path], [path])
    assert signature_of([directory, path], [path]) == first
    (tmp_path / "new").touch()
    assert signature_of([directory], ()) != signature_of([path], ())
    assert signature_of([directory, path], [path]) != first
    installed = signature_of([], [path])
    os.link(file, tmp_path / "link")
    assert signature_of([], [path]) == installed
    file.unlink()
    assert signature_of([], [path]) != installed


def test_the_quick_answer_is_never_given_for_what_it_does_not_know(tmp_path: Path) -> None:
    for arguments in ([], ["status"], ["build", "--fresh"], ["build", "nothing"], ["install"]):
        assert answer(arguments, {"PWD": str(tmp_path)}) == 0
