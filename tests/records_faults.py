"""Records whose connection to the database breaks at chosen moments, driven by hypothesis."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from farm.plan.key import View
from farm.records import database
from farm.records.database import RecordsUnreachable
from farm.records.store import Records
from tests.postgres import Cluster
from tests.records_data import (
    LINE,
    Clock,
    build,
    contradictions,
    generation,
    key_of,
    snapshot,
    told,
    topic,
)
from tests.stacks import head

STATEMENT, BEFORE_COMMIT, AFTER_COMMIT = "statement", "before commit", "after commit"


@dataclass(frozen=True)
class Fault:
    """A moment at which the connection breaks."""

    moment: str
    after: int = 0
    """So many statements or commits go well before."""


@dataclass
class Faults:
    """Breaks connections of a database, one fault after the other."""

    records: Records
    strike: Callable[[Any], None] | None = None
    """What really breaks a connection of the driver; without it, the farm is told so."""
    left: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        dialect: Any = self.records._database.engine.dialect
        error = dialect.loaded_dbapi.OperationalError("the connection was lost")
        self._passed = 0
        execute, commit = dialect.do_execute, dialect.do_commit

        def strike(connection: Any) -> None:
            if self.strike is None:
                raise error
            self.strike(connection)

        def do_execute(cursor: Any, *rest: Any) -> None:
            if self._due(STATEMENT):
                strike(cursor.connection)
            execute(cursor, *rest)

        def do_commit(connection: Any) -> None:
            if self._due(BEFORE_COMMIT):
                strike(connection)
            commit(connection)
            if self._due(AFTER_COMMIT):
                raise error

        dialect.do_execute, dialect.do_commit = do_execute, do_commit

    def _due(self, moment: str) -> bool:
        if not self.left or self.left[0].moment != moment:
            return False
        self._passed += 1
        if self._passed <= self.left[0].after:
            return False
        self.left.pop(0)
        self._passed = 0
        return True


NUMBERS = st.integers(1, 4)
NAMES = st.sampled_from(["libogg", "speex"])
CHANNELS = st.sampled_from(["development", "topic-x"])
CONTENT = st.dictionaries(NAMES, NUMBERS)
FAULTY = settings(deadline=None, suppress_health_check=list(HealthCheck))
ENDS = ("began", "built", "failed", "lost", "cancelled")
MOMENTS = st.sampled_from([STATEMENT, BEFORE_COMMIT, AFTER_COMMIT])
FAULTS = st.one_of(
    st.just([]),
    st.lists(st.builds(Fault, MOMENTS, st.integers(0, 4)), max_size=4),
    MOMENTS.map(lambda moment: [Fault(moment)] * 9),
)


def breaking_rule(**drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """A rule during which the connection may break, any number of times."""

    def decorate(work: Callable[..., None]) -> Any:
        def broken_work(self: FaultyRecords, faults: list[Fault], **values: Any) -> None:
            self.faults.left[:] = faults
            try:
                work(self, **values)
            except RecordsUnreachable:
                self.compare()
            self.faults.left.clear()

        broken_work.__name__ = work.__name__
        return rule(faults=FAULTS, **drawn)(broken_work)

    return decorate


class FaultyRecords(RuleBasedStateMachine):
    """Whatever is done and wherever the connection breaks: a transaction is done or it is not, and
    memory says what the database says.

    A subclass says how to make an empty database and how a connection breaks.
    """

    strike: Callable[[Any], None] | None = None

    def empty(self) -> str:
        """The URL of an empty database."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.pauses, database.RETRY_AFTER_S = database.RETRY_AFTER_S, (0.0, 0.0)
        self.url = self.empty()
        self.clock = Clock()
        self.open()

    def open(self) -> None:
        self.records = Records(self.url, self.clock)
        self.faults = Faults(self.records, self.strike)
        # Everything is in memory, so that everything can be wrong.
        told(self.records)

    def teardown(self) -> None:
        self.compare()
        self.records.close()
        database.RETRY_AFTER_S = self.pauses

    @rule()
    def compare(self) -> None:
        """Hold what is in memory to what another process would read."""
        self.faults.left.clear()
        self.records.settle()
        fresh = Records(self.url)
        try:
            assert told(self.records) == told(fresh)
            assert list(contradictions(fresh)) == []
        finally:
            fresh.close()

    @rule()
    def reopen(self) -> None:
        self.compare()
        self.records.close()
        self.open()

    @breaking_rule(channel=CHANNELS, name=NAMES, number=NUMBERS)
    def head(self, channel: str, name: str, number: int) -> None:
        self.records.put_head(channel, head(name, number))

    @breaking_rule(name=NAMES, number=NUMBERS)
    def forced_head(self, name: str, number: int) -> None:
        self.records.put_forced_head(*LINE, head(name, number))

    @breaking_rule(name=NAMES)
    def drop_forced_head(self, name: str) -> None:
        self.records.drop_forced_head(*LINE, name)

    @breaking_rule(content=CONTENT, new=st.booleans(), done=st.booleans())
    def generation(self, content: dict[str, int], new: bool, done: bool) -> None:
        last = self.records.generations.get(LINE)
        number = last.number + new if last else 1
        heads = [head(name, commit) for name, commit in content.items()]
        self.records.put_generation(generation(number, *heads, done=done))

    @breaking_rule(content=CONTENT, new=st.booleans())
    def snapshot(self, content: dict[str, int], new: bool) -> None:
        last = self.records.snapshots.get(LINE)
        number = last.number + new if last else 1
        self.records.put_snapshot(snapshot(number, content))

    @breaking_rule(number=NUMBERS, channel=CHANNELS, during=st.integers(1, 3))
    def start(self, number: int, channel: str, during: int) -> None:
        name = ("libogg", "speex")[number % 2]
        row = build(number, name, channel=channel, generation=during)
        self.records.start_build(row)

    @precondition(lambda self: self.records.unfinished)
    @breaking_rule(
        data=st.data(), how=st.sampled_from(["began", "built", "failed", "lost", "cancelled"])
    )
    def go_on(self, data: st.DataObject, how: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.records.unfinished)))
        actions: dict[str, Callable[[], Any]] = {
            "began": lambda: self.records.build_began(key, "worker"),
            "built": lambda: self.records.build_succeeded(key, f"output {key}"[:64], ("libc",)),
            "failed": lambda: self.records.build_failed(key, "build", "cc: error"),
            "lost": lambda: self.records.build_interrupted(key, "the worker was lost"),
            "cancelled": lambda: self.records.build_cancelled(key),
        }
        actions[how]()

    @breaking_rule(name=NAMES)
    def force(self, name: str) -> None:
        self.records.force(*LINE, name, "a reason", "ann", commit="c" * 40)

    @breaking_rule(numbers=st.lists(NUMBERS))
    def views(self, numbers: list[int]) -> None:
        views = [View(key_of(n), "libogg", key_of(n), {"libc": key_of(n + 1)}) for n in numbers]
        self.records.put_views(views)

    @breaking_rule(content=CONTENT, number=NUMBERS)
    def topic(self, content: dict[str, int], number: int) -> None:
        heads = [head(name, commit) for name, commit in content.items()]
        made = topic("topic-x", refreshed_at=float(number))
        self.records.put_topic(made, heads)

    @precondition(lambda self: self.records.topics)
    @breaking_rule()
    def delete_topic(self) -> None:
        self.records.delete_topic("topic-x", 9.0)


class FaultySqlite(FaultyRecords):
    """The farm is told that the connection was lost: SQLite has none to lose."""

    def empty(self) -> str:
        self.folder = tempfile.TemporaryDirectory()
        return f"sqlite:///{self.folder.name}/farm.sqlite"

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


class FaultyPostgres(FaultyRecords):
    """The server ends the connection, and the driver finds out."""

    postgres: ClassVar[Cluster]

    def empty(self) -> str:
        return self.postgres.database()

    def strike(self, connection: Any) -> None:
        self.postgres.kill_connections(self.url, connection.get_backend_pid())

    def teardown(self) -> None:
        super().teardown()
        self.postgres.drop(self.url)
