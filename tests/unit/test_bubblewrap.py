"""What a program inside a root may do and see."""

from __future__ import annotations

from pathlib import Path

from farm.build.bubblewrap import BUILDER, ROOT, User, bubblewrap, settle


def argv(
    *, user: User = BUILDER, network: bool = False, bind: dict[Path, str] | None = None
) -> list[str]:
    return bubblewrap(
        Path("/srv/root"),
        ["make", "check"],
        user=user,
        network=network,
        cwd="/build",
        bind=bind or {},
        bind_writable={},
    )


def options_of(command: list[str]) -> list[str]:
    return command[: command.index("--")]


def test_there_is_no_network_unless_asked_for() -> None:
    assert "--unshare-net" in argv()
    assert "--unshare-net" not in argv(network=True)
    assert "/etc/resolv.conf" in argv(network=True)


def test_everything_dies_with_the_caller() -> None:
    assert "--die-with-parent" in argv()
    assert "--unshare-pid" in argv()


def test_a_user_has_no_way_back_to_privileges() -> None:
    command = argv()
    inside = command[command.index("--") + 1 :]

    assert inside[0] == "setpriv"
    assert inside[-2:] == ["make", "check"]
    assert {"--no-new-privs", "--bounding-set=-all", "--clear-groups"} <= set(inside)
    assert inside[inside.index("--reuid") + 1] == str(BUILDER.uid)


def test_root_inside_cannot_mount_or_configure_the_machine() -> None:
    options = options_of(argv(user=ROOT))

    assert options[options.index("--cap-drop") + 1] == "ALL"
    granted = {options[i + 1] for i, option in enumerate(options) if option == "--cap-add"}
    assert "CAP_CHOWN" in granted
    assert not granted & {"CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_MODULE"}


def test_files_of_the_machine_are_bound_read_only() -> None:
    options = options_of(argv(bind={Path("/srv/in"): "/in"}))

    where = options.index("/srv/in")
    assert options[where - 1 : where + 2] == ["--ro-bind", "/srv/in", "/in"]


def test_a_new_root_has_a_builder_and_tells_nothing_of_the_machine(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (etc / "resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    (etc / "hostname").write_text("secret-machine\n")

    settle(tmp_path)

    assert (etc / "passwd").read_text().splitlines() == [
        "root:x:0:0:root:/root:/bin/sh",
        "builder:x:1234:1234:Builds packages:/nonexistent:/bin/sh",
    ]
    assert (etc / "group").read_text() == "builder:x:1234:\n"
    assert (etc / "hostname").read_text() == "farm\n"
    assert "127.0.0.1 localhost" in (etc / "hosts").read_text()
    assert (etc / "resolv.conf").read_text() == ""
    assert not (etc / "resolv.conf").is_symlink()


def test_settling_twice_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    settle(tmp_path)
    before = {p.name: p.read_text() for p in (tmp_path / "etc").iterdir()}

    settle(tmp_path)

    assert {p.name: p.read_text() for p in (tmp_path / "etc").iterdir()} == before
