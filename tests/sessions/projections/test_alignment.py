"""Which items of two sequences belong together."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.sessions.projections.alignment import Key, align, common_subsequence

letters = st.lists(st.sampled_from("abcd"), max_size=8)
many_letters = st.lists(st.sampled_from("abcdefgh"), max_size=60)


def keys(text: str | list[str]) -> list[Key]:
    return [(letter,) for letter in text]


def longest_by_trying_all(before: list[str], after: list[str]) -> int:
    for size in range(min(len(before), len(after)), 0, -1):
        wanted = set(combinations(before, size))
        if wanted & set(combinations(after, size)):
            return size
    return 0


@given(letters, letters)
def test_no_common_subsequence_is_longer(before: list[str], after: list[str]) -> None:
    found = common_subsequence(keys(before), keys(after))
    assert [before[i] for i, _ in found] == [after[j] for _, j in found]
    assert len(found) == longest_by_trying_all(before, after)


@given(many_letters, many_letters, st.integers(1, 400))
def test_places_ascend_on_both_sides_however_the_table_is_cut(
    before: list[str], after: list[str], max_cells: int
) -> None:
    found = common_subsequence(keys(before), keys(after), max_cells=max_cells)
    assert [before[i] for i, _ in found] == [after[j] for _, j in found]
    for one, other in pairwise(found):
        assert one[0] < other[0]
        assert one[1] < other[1]


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        ("", "", ""),
        ("abc", "abc", "aa bb cc"),
        ("abc", "", "a- b- c-"),
        ("", "abc", "-a -b -c"),
        ("abc", "axc", "aa b- -x cc"),
        ("abcd", "bcda", "a- bb cc dd -a"),
        ("aB", "ab", "aa Bb"),
        ("aBc", "abxc", "aa Bb -x cc"),
        ("AB", "ba", "A- Bb -a"),
    ],
)
def test_equal_items_are_paired_and_between_them_those_that_are_alike(
    before: str, after: str, pairs: str
) -> None:
    found = align(before, after, same=lambda item: (item,), alike=lambda item: (item.lower(),))
    assert " ".join(f"{pair.before or '-'}{pair.after or '-'}" for pair in found) == pairs


mixed = st.lists(st.sampled_from("abcABC"), max_size=20)


@given(mixed, mixed)
def test_every_item_occurs_once_and_in_its_order(before: list[str], after: list[str]) -> None:
    pairs = align(before, after, same=lambda item: (item,), alike=lambda item: (item.lower(),))
    assert [pair.before for pair in pairs if pair.before is not None] == before
    assert [pair.after for pair in pairs if pair.after is not None] == after


@given(mixed, mixed)
def test_exchanging_the_sequences_exchanges_the_sides(before: list[str], after: list[str]) -> None:
    there = align(before, after, same=lambda item: (item,), alike=lambda item: (item.lower(),))
    back = align(after, before, same=lambda item: (item,), alike=lambda item: (item.lower(),))
    assert {(pair.before, pair.after) for pair in there} == {(pair.after, pair.before) for pair in back}
    assert len(there) == len(back)


def test_thousands_of_unlike_items_are_aligned() -> None:
    before, after = [str(place % 97) for place in range(5_000)], [str(place % 89) for place in range(5_000)]
    pairs = align(before, after, same=lambda item: (item,), alike=lambda item: (item[-1],))
    assert [pair.before for pair in pairs if pair.before is not None] == before
