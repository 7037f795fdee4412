"""How long to leave a server alone that did not answer."""

from __future__ import annotations

_MAX_DOUBLINGS = 60  # a float overflows after about a thousand


def pause_s(failures: int, *, first_s: float, longest_s: float, chance: float) -> float:
    """Return the pause after so many failures in a row, the first of which is number 1.

    It doubles up to `longest_s`; of that, `chance` (0 to 1) decides on the upper half, so that many
    publishers do not come back in the same moment, and no pause is ever short.
    """
    doublings = min(max(failures, 1) - 1, _MAX_DOUBLINGS)
    full = min(longest_s, first_s * 2.0**doublings)
    return full / 2 + full / 2 * chance
