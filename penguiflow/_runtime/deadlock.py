"""Seeing that workers wait for one another, before they wait for ever."""

from __future__ import annotations

from penguiflow._runtime.floe import Floe


def is_deadlock(floe: Floe) -> bool:
    """Decide whether nobody can ever make room in this floe.

    Only the workers of its target take items out of it. If each of them waits for room somewhere, and
    so on round to where the question began, none of them can go on. Whoever has a place already but
    has not used it yet is about to go on; the Rookery is emptied by callers outside the flow.
    """
    asked: set[int] = set()
    to_ask = [floe]
    while to_ask:
        full = to_ask.pop()
        crew = full.inbox.crew
        if full.reserved or not crew or any(worker.can_go_on() for worker in crew):
            return False
        if id(full.inbox) not in asked:
            asked.add(id(full.inbox))
            to_ask.extend(floe for worker in crew for floe in worker.blocked_on)
    return True
