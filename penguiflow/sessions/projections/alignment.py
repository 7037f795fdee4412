"""Which items of two sequences belong together: a longest common subsequence, then what is alike between.

The subsequence is found with one big integer for each row of the table (H. Hyyrö, "Bit-parallel LCS-length
computation revisited", 2004), so thousands of items on both sides take milliseconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeAlias, TypeVar

ItemT = TypeVar("ItemT")
Key: TypeAlias = tuple[str, ...]
Match: TypeAlias = tuple[int, int]

MAX_TABLE_CELLS = 2**30
"""A larger table, of 128 MB, is cut into two; the subsequence may then be shorter than the longest."""


@dataclass(frozen=True, slots=True)
class Pair(Generic[ItemT]):
    """Two items that belong together, or one that has no counterpart."""

    before: ItemT | None
    after: ItemT | None


def align(
    before: Sequence[ItemT],
    after: Sequence[ItemT],
    *,
    same: Callable[[ItemT], Key],
    alike: Callable[[ItemT], Key],
) -> list[Pair[ItemT]]:
    """Pair as many items as possible whose `same` keys are equal; between them, those whose `alike` keys are.

    Every item occurs once, in its order; between two pairs, what only `before` has comes first. Exchanging
    the sequences exchanges the sides and nothing else.
    """
    matches = _matches(before, after, same, alike)
    pairs: list[Pair[ItemT]] = []
    for (i, j), (next_i, next_j) in pairwise([(-1, -1), *matches, (len(before), len(after))]):
        pairs += [Pair(item, None) for item in before[i + 1 : next_i]]
        pairs += [Pair(None, item) for item in after[j + 1 : next_j]]
        if next_i < len(before):
            pairs.append(Pair(before[next_i], after[next_j]))
    return pairs


def common_subsequence(
    before: Sequence[Key], after: Sequence[Key], *, max_cells: int = MAX_TABLE_CELLS
) -> list[Match]:
    """Return the places, in both sequences, of a longest subsequence that they have in common."""
    head = _equal_at_start(before, after)
    tail = _equal_at_start(before[head:][::-1], after[head:][::-1])
    before_end, after_end = len(before) - tail, len(after) - tail
    middle = _in_middle(before[head:before_end], after[head:after_end], max_cells)
    return [
        *((place, place) for place in range(head)),
        *((head + i, head + j) for i, j in middle),
        *((before_end + place, after_end + place) for place in range(tail)),
    ]


def _matches(
    before: Sequence[ItemT],
    after: Sequence[ItemT],
    same: Callable[[ItemT], Key],
    alike: Callable[[ItemT], Key],
) -> list[Match]:
    same_before, same_after = [same(item) for item in before], [same(item) for item in after]
    if same_before > same_after:  # of several longest subsequences, both directions must take one
        return [(i, j) for j, i in _matches(after, before, same, alike)]
    alike_before, alike_after = [alike(item) for item in before], [alike(item) for item in after]
    matches: list[Match] = []
    exact = common_subsequence(same_before, same_after)
    for (i, j), (next_i, next_j) in pairwise([(-1, -1), *exact, (len(before), len(after))]):
        between = common_subsequence(alike_before[i + 1 : next_i], alike_after[j + 1 : next_j])
        matches += [(i + 1 + near_i, j + 1 + near_j) for near_i, near_j in between]
        matches.append((next_i, next_j))
    return matches[:-1]


def _equal_at_start(before: Sequence[Key], after: Sequence[Key]) -> int:
    count = 0
    for one, other in zip(before, after, strict=False):
        if one != other:
            break
        count += 1
    return count


def _in_middle(before: Sequence[Key], after: Sequence[Key], max_cells: int) -> list[Match]:
    in_both = set(before) & set(after)
    # What occurs on one side only is in no common subsequence.
    before_places = [place for place, key in enumerate(before) if key in in_both]
    after_places = [place for place, key in enumerate(after) if key in in_both]
    if not before_places:
        return []
    if len(before_places) * len(after_places) > max_cells:
        i, j = len(before) // 2, len(after) // 2
        first = common_subsequence(before[:i], after[:j], max_cells=max_cells)
        second = common_subsequence(before[i:], after[j:], max_cells=max_cells)
        return [*first, *((i + place, j + other) for place, other in second)]
    found = _longest([before[place] for place in before_places], [after[place] for place in after_places])
    return [(before_places[i], after_places[j]) for i, j in found]


def _longest(before: Sequence[Key], after: Sequence[Key]) -> list[Match]:
    """Walk back through the table, whose rows have a zero bit wherever the length grows by one."""
    rows = _rows(before, after)
    matches: list[Match] = []
    i, j = len(before), len(after)
    while i and j:
        column = 1 << (j - 1)
        if rows[i] & column:
            j -= 1
        elif rows[i - 1] & column:
            i, j = i - 1, j - 1
            matches.append((i, j))
        else:
            i -= 1
    return matches[::-1]


def _rows(before: Sequence[Key], after: Sequence[Key]) -> list[int]:
    places: defaultdict[Key, int] = defaultdict(int)
    for place, key in enumerate(after):
        places[key] |= 1 << place
    every = (1 << len(after)) - 1
    rows = [every]
    for key in before:
        row = rows[-1]
        matching = row & places[key]
        rows.append(((row + matching) | (row - matching)) & every)
    return rows
