"""How far a run has come, as one value, and how each fact changes it.

`Progress` is all that limits and the final metadata depend on. It is stored with a pause, so counts and
costs go on after it, in whatever process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeAlias, assert_never


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Counts of one run. `known_cost_usd` sums what is known; `unpriced_calls` counts the calls beyond."""

    action_seq: int = 0
    hops_used: int = 0
    llm_calls: int = 0
    known_cost_usd: float = 0.0
    unpriced_calls: int = 0
    unreadable_replies: int = 0
    invalid_args: int = 0
    consecutive_arg_failures: int = 0
    hop_exhausted: bool = False
    deadline_passed: bool = False


@dataclass(frozen=True, slots=True)
class StepBegan:
    """The next decision begins."""


@dataclass(frozen=True, slots=True)
class ModelReplied:
    """A model call ended; `cost_usd` is None when nobody knows it."""

    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class ReplyUnreadable:
    """A reply held no usable action."""


@dataclass(frozen=True, slots=True)
class ArgsRejected:
    """The arguments of a call were refused before the tool ran."""


@dataclass(frozen=True, slots=True)
class CallsRan:
    """Tools were executed, whatever came of it."""

    count: int


@dataclass(frozen=True, slots=True)
class CallSucceeded:
    """A tool gave a valid result."""


@dataclass(frozen=True, slots=True)
class HopsExhausted:
    """A call was refused because the hop budget does not allow it."""


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The run's time is over."""


Fact: TypeAlias = (
    StepBegan
    | ModelReplied
    | ReplyUnreadable
    | ArgsRejected
    | CallsRan
    | CallSucceeded
    | HopsExhausted
    | DeadlinePassed
)


def reduce(progress: Progress, fact: Fact) -> Progress:
    """Return the progress after one fact."""
    match fact:
        case StepBegan():
            return replace(progress, action_seq=progress.action_seq + 1)
        case ModelReplied(cost_usd):
            return replace(
                progress,
                llm_calls=progress.llm_calls + 1,
                known_cost_usd=progress.known_cost_usd + (cost_usd or 0.0),
                unpriced_calls=progress.unpriced_calls + (cost_usd is None),
            )
        case ReplyUnreadable():
            return replace(progress, unreadable_replies=progress.unreadable_replies + 1)
        case ArgsRejected():
            return replace(
                progress,
                invalid_args=progress.invalid_args + 1,
                consecutive_arg_failures=progress.consecutive_arg_failures + 1,
            )
        case CallsRan(count):
            return replace(progress, hops_used=progress.hops_used + count)
        case CallSucceeded():
            return (
                replace(progress, consecutive_arg_failures=0)
                if progress.consecutive_arg_failures
                else progress
            )
        case HopsExhausted():
            return replace(progress, hop_exhausted=True)
        case DeadlinePassed():
            return replace(progress, deadline_passed=True)
        case _:
            assert_never(fact)


def progress_record(progress: Progress) -> dict[str, Any]:
    """Return the stored form."""
    return asdict(progress)


def read_progress(record: Mapping[str, Any]) -> Progress:
    """Read what `progress_record` wrote; counters a former version did not have start at zero."""
    known = {field.name for field in fields(Progress)}
    return Progress(**{name: value for name, value in record.items() if name in known})
