"""Another machine for tests: a network namespace with one cable to this one, good or bad."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass(frozen=True)
class Link:
    """The cable; the names of its ends and the addresses are of this process alone."""

    number: int

    @property
    def namespace(self) -> str:
        return f"farm-{self.number}"

    @property
    def here(self) -> str:
        """The address of this machine."""
        return f"10.{200 + self.number // 250 % 50}.{self.number % 250}.1"

    @property
    def there(self) -> str:
        return f"{self.here.rpartition('.')[0]}.2"

    @property
    def end(self) -> str:
        return f"fv{self.number}"

    def command(self, *argv: object) -> list[str]:
        """A command that runs over there."""
        return ["ip", "netns", "exec", self.namespace, *(str(a) for a in argv)]

    def up(self, *, good: bool) -> None:
        """Plug the cable in, or pull it."""
        ip("link", "set", self.end, "up" if good else "down")

    def lose(self, share: float) -> bool:
        """Drop so many of the packets that arrive over there; False: the kernel cannot."""
        rule = ["-m", "statistic", "--mode", "random", "--probability", str(share), "-j", "DROP"]
        done = subprocess.run(self.command("iptables", "-A", "INPUT", *rule), capture_output=True)
        return done.returncode == 0

    def delay(self, milliseconds: int) -> bool:
        """Delay every packet that leaves over there; False: the kernel has no netem."""
        shape = ["qdisc", "add", "dev", "eth0", "root", "netem", "delay", f"{milliseconds}ms"]
        done = subprocess.run(self.command("tc", *shape), capture_output=True)
        return done.returncode == 0


@contextmanager
def link() -> Iterator[Link]:
    """A namespace and its cable, gone at the end."""
    made = Link(os.getpid() % 10000)
    ip("netns", "add", made.namespace)
    try:
        ip("link", "add", made.end, "type", "veth", "peer", "name", f"{made.end}p")
        ip("link", "set", f"{made.end}p", "netns", made.namespace, "name", "eth0")
        ip("addr", "add", f"{made.here}/24", "dev", made.end)
        ip("link", "set", made.end, "up")
        for command in (
            ("addr", "add", f"{made.there}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            ip("-n", made.namespace, *command)
        yield made
    finally:
        ip("netns", "del", made.namespace)
        subprocess.run(["ip", "link", "del", made.end], capture_output=True)
