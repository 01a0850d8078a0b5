"""The notices driven by chance: commits, failures, lost workers and crashes in any order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.model import Stack
from farm.notices.book import Book
from farm.notices.settings import Notices
from farm.notices.telling import Teller
from tests.stacks import BOOKWORM, EL9, stack
from tests.unit.test_farm_properties import EVENTS, LINES, Chance
from tests.unit.test_planner import graphs

BY_MAIL_AND_CHAT = Notices.model_validate(
    {
        "mail": {"from": "farm@example.org", "also": ["list@example.org"]},
        "chats": [{"name": "room", "kind": "slack"}],
    }
)


class Told(Chance):
    """`Chance` with a book on disk that is opened anew after every crash."""

    def __init__(self, made_of: Stack, url: str):
        super().__init__(made_of)
        self.url = url
        self.history: dict[tuple[str, str, str], list[str]] = {}
        self.sent: list[str] = []
        self.open()

    def open(self) -> None:
        self.book = Book(self.url)
        link = "https://farm.example.org/{}".format
        self.teller = Teller(
            self.farm, self.book, BY_MAIL_AND_CHAT, "Farm", lambda one: link(one.component)
        )

    def advance(self) -> None:
        for line in LINES:
            before = set(self.book.told(line))
            self.teller.look(line, self.now)
            after = set(self.book.told(line))
            for name in after ^ before:
                what = "broken" if name in after else "fixed"
                self.history.setdefault((*line, name), []).append(what)
            state = self.farm.line(line)
            if state.plan.settled:
                failed = {n for n, one in state.plan.nodes.items() if one.state == "failed"}
                verdicts = {
                    n
                    for n in failed
                    if self.records.builds[state.plan.nodes[n].key].outcome == "failed"
                }
                assert verdicts <= after, "what stands failed when a generation ends is told"
        super().advance()

    def deliver(self) -> None:
        for unsent in self.book.due(self.now):
            self.sent.append(unsent.notice.id)
            self.book.sent(unsent.notice)

    def happen(self, event: str, data: st.DataObject) -> None:
        if event == "deliver":
            self.deliver()
        else:
            super().happen(event, data)

    def crash(self, keeps: set[str]) -> None:
        self.book.close()
        super().crash(keeps)
        self.open()


@settings(max_examples=40, deadline=None)
@given(graphs(), st.data())
def test_whatever_happens_each_failure_and_each_fix_is_told_once(
    tmp_path_factory: pytest.TempPathFactory,
    depends: dict[str, tuple[str, ...]],
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("book")
    world = Told(stack(depends, BOOKWORM, EL9), f"sqlite:///{folder / 'notices.sqlite'}")
    for event in data.draw(st.lists(st.sampled_from((*EVENTS, "deliver")), max_size=40)):
        world.happen(event, data)
    world.quiesce()
    world.advance()
    world.deliver()

    for told in world.history.values():
        assert told == ["broken", "fixed"] * (len(told) // 2), "in turn, and nothing stays open"
    assert {place[2] for place in world.history} <= world.failed
    assert len(world.sent) == len(set(world.sent)), "no message twice"
    assert world.book.unsent() == 0
    assert bool(world.sent) == bool(world.history)
    world.book.close()
    world.records.close()
