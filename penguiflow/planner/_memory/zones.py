"""The turns of one conversation by what happens to them next: values, and how one follows from another.

A turn enters `recent`, moves to `pending`, is summarised and leaves. What must not be shown while it waits
stands in `backlog`. Oldest to newest the turns are backlog, pending, recent, so a turn has a number that
never changes, and a summary that was long in the making still knows which turns it covers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from penguiflow.planner._json import JsonObject
from penguiflow.planner._memory.turns import ConversationTurn, Turns, shown_turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """What is held. `left` counts the turns before the oldest held one: the number of that one."""

    summary: str = ""
    backlog: Turns = ()
    pending: Turns = ()
    recent: Turns = ()
    left: int = 0

    @property
    def waiting(self) -> Turns:
        """Return the turns that wait to be summarised."""
        return self.backlog + self.pending

    @property
    def waiting_end(self) -> int:
        """Return the number after the last waiting turn."""
        return self.left + len(self.backlog) + len(self.pending)

    @property
    def end(self) -> int:
        """Return the number the next turn gets."""
        return self.waiting_end + len(self.recent)

    def with_turn(self, turn: ConversationTurn, full_zone_turns: int) -> Zones:
        """Return the zones with a turn added; those that leave the full zone become pending."""
        recent = (*self.recent, turn)
        overflow = max(0, len(recent) - full_zone_turns)
        return replace(self, pending=self.pending + recent[:overflow], recent=recent[overflow:])

    def with_pending_hidden(self) -> Zones:
        """Return the zones with all that waits in the backlog."""
        return replace(self, backlog=self.waiting, pending=())

    def with_oldest_hidden(self) -> Zones:
        """Return the zones with the oldest turn that is shown in the backlog."""
        if self.pending:
            return replace(self, backlog=(*self.backlog, self.pending[0]), pending=self.pending[1:])
        return replace(self, backlog=self.backlog + self.recent[:1], recent=self.recent[1:])

    def with_backlog_of(self, limit: int) -> Zones:
        """Return the zones without the oldest of a backlog that has more than `limit` turns."""
        dropped = max(0, len(self.backlog) - limit)
        return replace(self, backlog=self.backlog[dropped:], left=self.left + dropped)

    def summarised(self, end: int, summary: str) -> Zones:
        """Return the zones with the waiting turns below number `end` replaced by a summary."""
        covered = max(0, end - self.left)
        return replace(
            self,
            summary=summary,
            backlog=(),
            pending=self.waiting[covered:],
            left=self.left + min(covered, len(self.waiting)),
        )

    def turns_from(self, number: int) -> Turns:
        """Return the held turns from this number on."""
        return (self.waiting + self.recent)[max(0, number - self.left) :]


def view(zones: Zones, *, whole: bool, with_digest: bool) -> JsonObject:
    """Return what the model reads; without `whole` only the recent turns."""
    shown: JsonObject = {"recent_turns": [shown_turn(turn, with_digest=with_digest) for turn in zones.recent]}
    if whole and zones.pending:
        shown["pending_turns"] = [shown_turn(turn, with_digest=with_digest) for turn in zones.pending]
    if whole and zones.summary:
        shown["summary"] = zones.summary
    return shown
