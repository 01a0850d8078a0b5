"""The fewest components that satisfy every condition."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from repo_publish.gate.choice import Clause, fewest_held


def one_of(*literals: str) -> Clause:
    """``a`` is published, ``-a`` is held back."""
    return frozenset((name.removeprefix("-"), not name.startswith("-")) for name in literals)


def test_nothing_is_held_back_without_a_reason() -> None:
    assert fewest_held("abc", []) == frozenset()
    assert fewest_held("abc", [one_of("a", "-b")]) == frozenset()


def test_one_that_satisfies_all_is_better_than_many() -> None:
    clauses = [one_of("-a", "-z"), one_of("-b", "-z"), one_of("-c", "-z")]

    assert fewest_held("abcz", clauses) == {"z"}


def test_of_equal_choices_the_first_in_order_is_taken() -> None:
    assert fewest_held("ab", [one_of("-a", "-b")]) == {"a"}
    assert fewest_held("ba", [one_of("-a", "-b")]) == {"b"}


def test_what_is_held_back_in_any_case_has_consequences() -> None:
    assert fewest_held("abc", [one_of("-b", "a")], fixed="a") == {"a", "b"}


def test_a_contradiction_has_no_answer() -> None:
    assert fewest_held("a", [one_of("-a"), one_of("a")]) is None


def test_a_long_chain_of_consequences_needs_no_search() -> None:
    order = [f"c{number}" for number in range(1000)]
    clauses = [one_of(f"-c{n + 1}", f"c{n}") for n in range(999)]

    assert fewest_held(order, [one_of("-c0"), *clauses]) == set(order)


@given(
    st.lists(
        st.sets(st.tuples(st.sampled_from("abcdef"), st.booleans()), min_size=1, max_size=3).map(
            frozenset
        ),
        max_size=12,
    )
)
def test_as_few_as_trying_all_finds(clauses: list[Clause]) -> None:
    def satisfied(held: set[str]) -> bool:
        return all(any((name not in held) is new for name, new in clause) for clause in clauses)

    sizes = [n for n in range(7) for some in combinations("abcdef", n) if satisfied(set(some))]

    found = fewest_held("abcdef", clauses)

    if found is None:
        assert not sizes
    else:
        assert satisfied(set(found))
        assert len(found) == min(sizes)
