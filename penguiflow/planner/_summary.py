"""A short form of many steps, made by rule: what was done, what failed, what came last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from penguiflow.planner._json import JsonObject, json_text
from penguiflow.planner._step import TrajectoryStep

_DIGEST_CHARS = 120
_MOST_DIGESTS = 200
_MOST_PENDING = 20
_EARLIER = "earlier_steps"


@dataclass(slots=True)
class TrajectorySummary:
    """A short form of the steps so far."""

    goals: list[str] = field(default_factory=list[str])
    facts: JsonObject = field(default_factory=dict[str, Any])
    pending: list[str] = field(default_factory=list[str])
    last_output_digest: str | None = None
    note: str | None = None

    def compact(self) -> JsonObject:
        """Return the stored form."""
        record: JsonObject = {
            "goals": list(self.goals),
            "facts": dict(self.facts),
            "pending": list(self.pending),
            "last_output_digest": self.last_output_digest,
        }
        return record | ({"note": self.note} if self.note else {})


def summary_with(
    summary: TrajectorySummary | None, query: str, steps: Sequence[TrajectoryStep]
) -> TrajectorySummary:
    """Return the summary with further steps in it; the cost is that of these steps alone."""
    known = summary or TrajectorySummary(goals=[query])
    facts = {key: value for key, value in known.facts.items() if not key.startswith("last_")}
    earlier = [*facts.pop(_EARLIER, []), *map(_line, steps)]
    if earlier:
        facts[_EARLIER] = earlier[-_MOST_DIGESTS:]
    last = steps[-1] if steps else None
    if last is not None and last.error is not None:
        facts["last_error"] = last.error
    elif last is not None:
        facts["last_observation"] = last.serialise_for_llm()
    retries = [f"retry {_name(step)}" for step in steps if step.error is not None]
    digest = known.last_output_digest if last is None else cut(_outcome(last), _DIGEST_CHARS)
    return TrajectorySummary(
        goals=list(known.goals),
        facts=facts,
        pending=[*known.pending, *retries][-_MOST_PENDING:],
        last_output_digest=digest,
        note="rule_based",
    )


def fitted(summary: TrajectorySummary, chars: int) -> TrajectorySummary:
    """Return the summary in at most that many characters, if that is possible: the oldest goes first."""
    while len(json_text(summary.compact())) > chars:
        facts = dict(summary.facts)
        earlier: list[str] = facts.get(_EARLIER, [])
        if "last_observation" in facts:
            # The digest says the same in short, and the last step itself is shown in full anyway.
            del facts["last_observation"]
        elif earlier:
            facts[_EARLIER] = earlier[len(earlier) // 2 + 1 :]
        elif facts:
            facts = {}
        elif summary.pending:
            summary = replace(summary, pending=[])
        else:
            break
        summary = replace(summary, facts=facts)
    return summary


def cut(text: str, chars: int) -> str:
    """Return the text in at most that many characters, with an ellipsis when something is left out."""
    return text if len(text) <= chars else text[: chars - 3] + "..."


def _line(step: TrajectoryStep) -> str:
    called = cut(json_text(step.action.args), _DIGEST_CHARS // 2)
    return f"{_name(step)} {called} -> {cut(_outcome(step), _DIGEST_CHARS)}"


def _outcome(step: TrajectoryStep) -> str:
    return step.error or json_text(step.serialise_for_llm())


def _name(step: TrajectoryStep) -> str:
    return "finish" if step.action.is_terminal() else step.action.next_node
