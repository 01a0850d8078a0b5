"""A machine of a user: a throw-away root of a distro, and a log of what was done in it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from farm.build.bubblewrap import BUILDER, ROOT, User
from farm.build.deb.mirrors import network_environment
from farm.build.sandbox import Overlay
from farm.errors import CommandError

COMMAND_TIMEOUT_S = 1800

ENCODE = """\
oggenc --version
head -c 176400 /dev/zero | oggenc --raw --quiet --output=/tmp/silence.ogg -
ogginfo /tmp/silence.ogg
"""
"""What a user does with vorbis-tools: encode a second of silence (16 bit stereo), and look at it.
"""

HOME = "/home/user"


def direct_to_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """The same way to the network, but never a proxy to this machine's own servers."""
    exceptions = [environment.get("no_proxy", ""), "127.0.0.1", "localhost"]
    return {**environment, "no_proxy": ",".join(filter(None, exceptions))}


class Client:
    """Runs programs in an open overlay, as root or as an ordinary user; keeps what they print."""

    def __init__(self, overlay: Overlay, log: TextIO):
        self.overlay = overlay
        self._log = log

    def make_home(self) -> None:
        """Give the ordinary user a home directory."""
        account = [f"--owner={BUILDER.uid}", f"--group={BUILDER.gid}"]
        self.run("make a home", ["install", "-d", *account, HOME])

    def run(
        self,
        what: str,
        argv: Sequence[str],
        *,
        user: User = ROOT,
        network: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Run a program of the root; as any user but root it starts in its home directory.

        :raises CommandError: it failed.
        """
        home = "/root" if user is ROOT else HOME
        way = direct_to_loopback(network_environment()) if network else {}
        return self._logged(
            argv,
            lambda: self.overlay.run(
                what,
                argv,
                user=user,
                network=network,
                cwd="/" if user is ROOT else HOME,
                env={"HOME": home, **way, **(env or {})},
                timeout_s=COMMAND_TIMEOUT_S,
            ),
        )

    def run_host(self, what: str, argv: Sequence[str], env: Mapping[str, str]) -> str:
        """Run a program of this machine that works on the root from outside.

        :raises CommandError: it failed.
        """
        return self._logged(
            argv,
            lambda: self.overlay.run_host(what, argv, env=env, timeout_s=COMMAND_TIMEOUT_S),
        )

    def encode(self) -> str:
        """Use vorbis-tools; the version that oggenc gives itself."""
        said = self.run("encode and inspect a file", ["sh", "-e", "-c", ENCODE], user=BUILDER)
        return said.splitlines()[0]

    def _logged(self, argv: Sequence[str], call: Callable[[], str]) -> str:
        self._log.write(f"\n# {shlex.join(argv)}\n")
        try:
            said = call()
        except CommandError as error:
            self._log.write(error.output)
            raise
        self._log.write(said)
        self._log.flush()
        return said
