"""What the demo installs on the machine, and how it says so."""

import subprocess

import pytest

from demo import setup
from demo.errors import DemoError
from demo.paths import TOP
from farm.errors import CommandError

BOOKWORM = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
UBUNTU = 'PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\nVERSION_ID="24.04"\nID_LIKE=debian\n'


class Apt:
    """Answers in place of dpkg-query, apt-cache and apt-get, and remembers what was asked."""

    def __init__(self, installed=(), candidates=(), broken=0):
        self.installed = set(installed)
        self.candidates = set(candidates)
        self.broken = broken
        self.calls = []

    def run(self, what, argv, **_):
        self.calls.append(" ".join(argv[:3]))
        if argv[0] == "dpkg-query":
            known = [name for name in argv[4:] if name in self.installed]
            output = "".join(f"{name} installed\n" for name in known)
            if len(known) < len(argv[4:]):
                raise CommandError(what, argv, 1, output + "dpkg-query: no packages found\n")
            return output
        if argv[0] == "apt-cache":
            return "".join(
                f"{name}:\n  Installed: (none)\n  Candidate: 1\n"
                for name in argv[2:]
                if name in self.candidates
            )
        if "update" in argv:
            self.candidates |= {"git", "dnf"}
        elif self.broken:
            self.broken -= 1
            raise CommandError(what, argv, 100, "404 Not Found")
        else:
            self.installed |= set(argv[argv.index("install") + 1 :])
        return ""


@pytest.fixture
def install(monkeypatch):
    def call(apt, packages):
        said = []
        monkeypatch.setattr(setup, "run", apt.run)
        return setup.install(dict.fromkeys(packages, "needed"), said.append), said

    return call


def test_debian_12_is_accepted():
    setup.check_release(BOOKWORM)


@pytest.mark.parametrize("text", [UBUNTU, BOOKWORM.replace('"12"', '"11"'), ""])
def test_other_systems_are_refused(text):
    with pytest.raises(DemoError, match="Debian 12 or 13"):
        setup.check_release(text)


def test_apt_is_not_called_when_nothing_is_missing(install):
    apt = Apt(installed=["git"])
    assert install(apt, ["git"]) == ([], [])
    assert not [call for call in apt.calls if call.startswith("apt")]


def test_it_says_what_it_installs_and_why(install):
    apt = Apt(installed=["git"], candidates=["dnf"])
    installed, said = install(apt, ["git", "dnf"])
    assert installed == ["dnf"]
    assert said[-1].split() == ["dnf", "needed"]


def test_lists_are_refreshed_only_when_a_package_is_unknown(install):
    known = Apt(candidates=["dnf"])
    install(known, ["dnf"])
    assert "apt-get -q update" not in known.calls
    unknown = Apt()
    install(unknown, ["dnf"])
    assert "apt-get -q update" in unknown.calls
    assert "dnf" in unknown.installed


def test_lists_are_refreshed_when_they_are_older_than_the_mirror(install):
    apt = Apt(candidates=["dnf"], broken=1)
    assert install(apt, ["dnf"])[0] == ["dnf"]
    assert "apt-get -q update" in apt.calls


def test_a_failing_apt_gives_the_command_to_try(install):
    with pytest.raises(DemoError) as caught:
        install(Apt(candidates=["dnf"], broken=9), ["dnf"])
    assert "apt-get install dnf" in caught.value.advice


def test_half_removed_packages_do_not_count_as_installed():
    assert setup.installed("git installed\ndnf config-files\n") == {"git"}


def test_sudo_keeps_what_the_demo_needs_and_no_more():
    environment = {"FARM_STATE": "/srv/farm", "https_proxy": "http://p:1", "SECRET": "x"}
    argv = setup.sudo_command(["python3", "-m", "demo", "up"], environment, "/usr/bin/sudo")
    assert argv[:3] == ["/usr/bin/sudo", "--", "env"]
    assert "FARM_STATE=/srv/farm" in argv
    assert "https_proxy=http://p:1" in argv
    assert not any("SECRET" in word for word in argv)
    assert argv[-4:] == ["python3", "-m", "demo", "up"]


def test_without_sudo_it_says_who_can_run_it():
    with pytest.raises(DemoError, match="sudo is not installed") as caught:
        setup.sudo_command(["x"], {}, None)
    assert "as root" in caught.value.advice


def test_every_package_has_a_reason():
    packages = setup.host_packages()
    assert {"git", "dnf", "reprepro", "mmdebstrap", "gcc"} <= set(packages)
    assert all(packages.values())


def test_it_runs_without_the_virtual_environment():
    """The list is needed to make the environment: only the standard library may be imported."""
    code = "import demo.setup; demo.setup.host_packages()"
    subprocess.run(
        [
            "/usr/bin/python3",
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path[:0] = [{str(TOP)!r}]; {code}",
        ],
        env={},
        check=True,
    )
