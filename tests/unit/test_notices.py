"""What people are told of failures: each once, and once when it is fixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from farm.heads import Head
from farm.notices.book import Book
from farm.notices.settings import Notices
from farm.notices.telling import Teller
from tests.farm_worlds import FarmWorld
from tests.stacks import component, head, stack

LIST = "list@example.org"
TO_LIST = {"from": "farm@example.org", "also": [LIST]}


class Reader:
    """A farm's world with somebody who reads what is told."""

    def __init__(self, world: FarmWorld, said: dict[str, object] | None = None, **more: object):
        self.world = world
        self.book = Book("sqlite://")
        chosen = Notices.model_validate({"mail": TO_LIST if said is None else said, **more})
        self.teller = Teller(world.farm, self.book, chosen, "Farm", lambda one: one.component)

    def run(self, *failing: str) -> list[str]:
        """Let a generation come to its end; the subjects of what is told, with who is told."""
        while rows := self.world.start():
            self.look()
            self.world.now += 60
            for row in rows.values():
                if row.component in failing:
                    self.world.farm.failed(row.key, "test", "3 of 4 tests failed")
                else:
                    self.world.farm.built(row.key, f"output-{row.source}")
            self.look()
        self.look()
        self.world.run()
        self.look()
        return self.read()

    def look(self) -> None:
        self.teller.look(self.world.line, self.world.now)

    def texts(self) -> list[str]:
        found = []
        for unsent in self.book.due(self.world.now):
            self.book.sent(unsent.notice)
            found.append(f"{unsent.notice.way} {unsent.notice.text}")
        return found

    def read(self) -> list[str]:
        found = []
        for unsent in self.book.due(self.world.now):
            notice = unsent.notice
            self.book.sent(notice)
            found.append(f"{' '.join(notice.to) or notice.way}: {notice.subject}")
        return found


@pytest.fixture
def world() -> Iterator[FarmWorld]:
    world = FarmWorld(stack({"base": (), "lib": ("base",), "app": ("lib",)}))
    world.push("base", "lib", "app")
    yield world
    world.records.close()


def test_a_new_failure_is_told_once_and_once_when_it_is_fixed(world: FarmWorld) -> None:
    reader = Reader(world)
    assert reader.run("lib") == [f"{LIST}: [Farm] development/bookworm: lib fails (test)"]
    world.push("lib", commit=2)
    assert reader.run("lib") == [], "it fails as before"
    world.farm.force(["lib"], "bookworm", "development", "again", "ann")
    assert reader.run("lib") == []
    world.push("lib", commit=3)
    assert reader.run() == [f"{LIST}: [Farm] development/bookworm: lib builds again"]
    assert reader.run() == []
    world.push("lib", commit=4)
    assert len(reader.run("lib")) == 1, "another failure"


def test_what_is_blocked_has_not_failed_and_is_named_by_what_blocks_it(world: FarmWorld) -> None:
    reader = Reader(world)
    reader.teller.look(world.line, world.now)
    world.run("base")
    reader.look()
    (text,) = reader.texts()
    assert "base fails on development/bookworm" in text
    assert "blocks lib, app" in text
    assert "test: 3 of 4 tests failed" in text
    assert "new commits by: A Developer <dev@example.org>" in text


def test_a_base_that_breaks_a_hundred_is_one_digest() -> None:
    names = [f"leaf{number}" for number in range(100)]
    world = FarmWorld(stack({"base": (), **dict.fromkeys(names, ("base",))}))
    room = {"name": "room", "kind": "slack"}
    reader = Reader(world, chats=[room])
    world.push("base", *names)
    assert reader.run() == []
    world.push("base", commit=2)
    assert reader.run(*names) == [
        f"{LIST}: [Farm] development/bookworm: 100 components fail",
        "chat-room: ✘ development/bookworm: 100 components fail",
    ]
    world.push("base", commit=3)
    reader.run()
    assert reader.book.told(world.line) == {}
    world.records.close()


def test_those_whose_dependency_changed_blame_its_author() -> None:
    world = FarmWorld(
        stack(
            {"base": ()},
            leaf=component("leaf", ("base",), maintainers=["leaf@example.org"]),
        )
    )
    mail = {"from": "farm@example.org", "committers": ["*@example.org"]}
    reader = Reader(world, mail)
    world.push("base", "leaf")
    reader.run()
    world.farm.observe("development", _by("Bea <bea@example.org>", "base"))
    assert reader.run("leaf") == [
        "bea@example.org leaf@example.org: [Farm] development/bookworm: leaf fails (test)"
    ]
    world.farm.observe("development", _by("Eve <eve@elsewhere.net>", "leaf"))
    assert reader.run() == [
        "bea@example.org leaf@example.org: [Farm] development/bookworm: leaf builds again"
    ], "those who were told"
    world.records.close()


def _by(author: str, name: str) -> Head:
    return replace(head(name, 2), author=author)


def test_who_is_told_the_same_gets_one_mail_and_others_theirs() -> None:
    one, two = (component(name, maintainers=[f"{name}@example.org"]) for name in ("one", "two"))
    world = FarmWorld(stack({}, one=one, two=two))
    reader = Reader(world, {**TO_LIST, "also": [LIST, "boss@example.org"]})
    world.push("one", "two")
    line = "[Farm] development/bookworm:"
    assert sorted(reader.run("one", "two")) == [
        f"boss@example.org {LIST}: {line} 2 components fail",
        f"one@example.org: {line} one fails (test)",
        f"two@example.org: {line} two fails (test)",
    ]
    world.records.close()


def test_failures_of_a_long_generation_are_told_after_a_while() -> None:
    apart = FarmWorld(stack({"quick": (), "slow": ()}))
    reader = Reader(apart, collect_minutes=5)
    apart.push("quick", "slow")
    rows = apart.start()
    apart.farm.failed(rows["quick"].key, "build", "cc: error")
    reader.look()
    assert reader.read() == [], "the generation goes on"
    apart.now += 5 * 60
    reader.look()
    assert len(reader.read()) == 1
    apart.farm.failed(rows["slow"].key, "build", "cc: error")
    reader.look()
    assert reader.read() == [f"{LIST}: [Farm] development/bookworm: slow fails (build)"]
    apart.records.close()


def test_the_machinerys_trouble_is_nobodys_failure(world: FarmWorld) -> None:
    reader = Reader(world)
    for _ in range(8):
        for row in world.start().values():
            world.farm.interrupted(row.key, "the mirror is down")
        world.now += 1000
        reader.look()
    assert reader.read() == []


def test_who_begins_to_listen_does_not_hear_of_old_failures(world: FarmWorld) -> None:
    world.run("lib")
    reader = Reader(world)
    reader.teller.begin(world.now)
    reader.look()
    assert reader.read() == []
    world.push("lib", commit=2)
    assert reader.run() == [f"{LIST}: [Farm] development/bookworm: lib builds again"]


def test_what_the_line_has_no_more_is_forgotten(world: FarmWorld) -> None:
    reader = Reader(world)
    assert len(reader.run("app")) == 1
    world.farm.change_stack(stack({"base": (), "lib": ("base",)}))
    reader.look()
    assert reader.read() == []
    assert reader.book.told(world.line) == {}


def test_a_message_that_could_not_be_sent_is_tried_again_later_and_later() -> None:
    world = FarmWorld(stack({"base": ()}))
    reader = Reader(world)
    world.push("base")
    world.run("base")
    reader.look()
    waits = []
    for _ in range(10):
        (unsent,) = reader.book.due(world.now)
        again = reader.book.not_sent(unsent, world.now)
        assert reader.book.due(again - 1) == []
        waits.append(again - world.now)
        world.now = again
    assert waits == sorted(waits)
    assert waits[:2] == [30, 60]
    assert waits[-1] == 3600
    assert reader.book.unsent() == 1
    reader.book.hurry()
    assert len(reader.book.due(0)) == 1, "who starts the farm does not wait"
    world.records.close()
