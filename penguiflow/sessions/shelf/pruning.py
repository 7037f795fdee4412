"""Which old sessions go: decided for all of them at once, because a fork needs its parent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from penguiflow.sessions.shelf.finding import every_session
from penguiflow.state.protocol import HistoryStore
from penguiflow.state.summaries import SessionSummary

SparedBecause: TypeAlias = Literal["waits for a person", "seems to be at work", "is the past of a kept fork"]

AT_WORK_S = 24 * 3600.0
"""A session whose run has not ended is taken to be at work for so long after its last event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneRules:
    """`older_than_s` counts from the last change; the `keep` sessions changed last stay in any case."""

    older_than_s: float = 0.0
    archived_only: bool = False
    keep: int = 0
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePlan:
    """`doomed` go; `spared` would, but for the reason beside them. Both the one changed last first."""

    doomed: tuple[SessionSummary, ...] = ()
    spared: tuple[tuple[SessionSummary, SparedBecause], ...] = ()


async def plan_to_prune(store: HistoryStore, rules: PruneRules, *, now: float) -> PrunePlan:
    """Look at every session of the store; nothing is removed."""
    return prune_plan([each async for each in every_session(store)], rules, now=now)


def prune_plan(sessions: Sequence[SessionSummary], rules: PruneRules, *, now: float) -> PrunePlan:
    """Decide about sessions that are given the one changed last first."""
    meant = [
        each
        for each in sessions[rules.keep :]
        if each.updated_at <= now - rules.older_than_s and (each.archived or not rules.archived_only)
    ]
    spared: dict[str, SparedBecause] = {}
    if not rules.force:
        for each in meant:
            if (reason := _own_reason(each, now)) is not None:
                spared[each.session_id] = reason
        _spare_parents(sessions, meant, spared)
    return PrunePlan(
        doomed=tuple(each for each in meant if each.session_id not in spared),
        spared=tuple((each, spared[each.session_id]) for each in meant if each.session_id in spared),
    )


def _own_reason(session: SessionSummary, now: float) -> SparedBecause | None:
    if session.state == "waiting":
        return "waits for a person"
    if session.state == "running" and now - session.updated_at < AT_WORK_S:
        return "seems to be at work"
    return None


def _spare_parents(
    sessions: Sequence[SessionSummary], meant: Sequence[SessionSummary], spared: dict[str, SparedBecause]
) -> None:
    """Follow each session that stays to its parents."""
    parents = {each.session_id: each.parent_session_id for each in sessions}
    doomed = {each.session_id for each in meant} - spared.keys()
    for session_id in [each.session_id for each in sessions if each.session_id not in doomed]:
        parent = parents[session_id]
        while parent in doomed:
            doomed.remove(parent)
            spared[parent] = "is the past of a kept fork"
            parent = parents[parent]
