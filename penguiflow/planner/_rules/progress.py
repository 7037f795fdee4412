"""How far a run has come, as one value, and how each fact changes it.

`Progress` is all that limits and the final metadata depend on. It is stored with a pause, so counts and
costs go on after it, in whatever process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeAlias, assert_never

from penguiflow.llm.usage import LLMReply
from penguiflow.planner._rules.spend import Account, Spend, read_spend
from penguiflow.planner._rules.values import changed

ExtendableLimit: TypeAlias = Literal["max_iters", "hop_budget", "cost_limit_usd", "deadline_s"]
"""A limit that a person may extend when the run waits at it."""


@dataclass(frozen=True, kw_only=True)  # without slots, for `changed`
class Progress:
    """Counts of one run; see the facts below for what changes them."""

    action_seq: int = 0
    spend: Spend = field(default_factory=Spend)
    hops_used: int = 0
    unreadable_replies: int = 0
    salvage_used: bool = False
    invalid_args: int = 0
    suspect_args: int = 0
    consecutive_arg_failures: int = 0
    arg_failures_by_tool: Mapping[str, int] = field(default_factory=dict[str, int])
    arg_fills_succeeded: int = 0
    arg_fills_failed: int = 0
    arg_fills_tried: tuple[str, ...] = ()
    finish_repairs_succeeded: int = 0
    finish_repairs_failed: int = 0
    hop_exhausted: bool = False
    deadline_passed: bool = False
    ordering_completed: tuple[str, ...] = ()
    ordering_warned: bool = False
    last_call: str = ""
    last_outcome: str = ""
    same_calls: int = 0
    revisions: int = 0
    reflection: Mapping[str, Any] | None = None
    summarised_steps: int = 0
    extensions: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class StepBegan:
    """The next decision begins."""


@dataclass(frozen=True, slots=True)
class ModelCalled:
    """A model call ended; without a reply it failed."""

    account: Account
    reply: LLMReply | None


@dataclass(frozen=True, slots=True)
class ReplyUnreadable:
    """A reply held no usable action."""


@dataclass(frozen=True, slots=True)
class AnswerSalvaged:
    """The answer was read out of a reply that breaks off."""


@dataclass(frozen=True, slots=True)
class ArgsSuspect:
    """The arguments of a call look like placeholders, or a validator of the tool's own refused them."""


@dataclass(frozen=True, slots=True)
class ArgsRejected:
    """The arguments of a call were refused before the tool ran."""

    tool: str


@dataclass(frozen=True, slots=True)
class ArgFillEnded:
    """The model was asked for nothing but the missing arguments of a tool."""

    tool: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class FinishRepairEnded:
    """The model was asked for nothing but the text of its answer."""

    succeeded: bool


@dataclass(frozen=True, slots=True)
class CallsRan:
    """Tools were executed, whatever came of it; `succeeded` names those that gave a valid result."""

    count: int
    succeeded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeSeen:
    """Calls ran; both digests are equal for the same calls with the same outcome."""

    call: str
    outcome: str


@dataclass(frozen=True, slots=True)
class OrderingMoved:
    """Calls advanced through the order the hints ask for, or were reminded of it."""

    completed: tuple[str, ...]
    warned: bool


@dataclass(frozen=True, slots=True)
class HopsExhausted:
    """A call was refused because the hop budget does not allow it."""


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The run's time is over."""


@dataclass(frozen=True, slots=True)
class AnswerJudged:
    """A critique of an answer came, or could not be had; the record is what callers read of it."""

    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RevisionAsked:
    """A critique sent an answer back."""


@dataclass(frozen=True, slots=True)
class StepsSummarised:
    """The summary of the trajectory covers this many steps."""

    count: int


@dataclass(frozen=True, slots=True)
class LimitExtended:
    """A person allowed the run as much again as a limit had allowed."""

    limit: ExtendableLimit


Fact: TypeAlias = (
    StepBegan
    | ModelCalled
    | ReplyUnreadable
    | AnswerSalvaged
    | ArgsSuspect
    | ArgsRejected
    | ArgFillEnded
    | FinishRepairEnded
    | CallsRan
    | OutcomeSeen
    | OrderingMoved
    | HopsExhausted
    | DeadlinePassed
    | AnswerJudged
    | RevisionAsked
    | StepsSummarised
    | LimitExtended
)


def reduce(progress: Progress, fact: Fact) -> Progress:  # noqa: C901 - one short arm per fact
    """Return the progress after one fact."""
    match fact:  # what every step brings stands first
        case StepBegan():
            return changed(progress, action_seq=progress.action_seq + 1)
        case ModelCalled(account, reply):
            return changed(progress, spend=progress.spend.with_call(account, reply))
        case CallsRan(count, succeeded):
            return _calls_ran(progress, count, succeeded)
        case OutcomeSeen(call, outcome):
            again = (call, outcome) == (progress.last_call, progress.last_outcome)
            times = progress.same_calls + 1 if again else 1
            return changed(progress, last_call=call, last_outcome=outcome, same_calls=times)
        case ReplyUnreadable():
            return changed(progress, unreadable_replies=progress.unreadable_replies + 1)
        case AnswerSalvaged():
            return changed(progress, salvage_used=True)
        case ArgsSuspect():
            return changed(progress, suspect_args=progress.suspect_args + 1)
        case ArgsRejected(tool):
            return _args_rejected(progress, tool)
        case ArgFillEnded(tool, succeeded):
            return changed(
                progress,
                arg_fills_tried=(*progress.arg_fills_tried, tool),
                arg_fills_succeeded=progress.arg_fills_succeeded + succeeded,
                arg_fills_failed=progress.arg_fills_failed + (not succeeded),
            )
        case FinishRepairEnded(succeeded):
            return changed(
                progress,
                finish_repairs_succeeded=progress.finish_repairs_succeeded + succeeded,
                finish_repairs_failed=progress.finish_repairs_failed + (not succeeded),
            )
        case OrderingMoved(completed, warned):
            return changed(progress, ordering_completed=completed, ordering_warned=warned)
        case HopsExhausted():
            return changed(progress, hop_exhausted=True)
        case DeadlinePassed():
            return changed(progress, deadline_passed=True)
        case AnswerJudged(record):
            return changed(progress, reflection=record)
        case RevisionAsked():
            return changed(progress, revisions=progress.revisions + 1)
        case StepsSummarised(count):
            return changed(progress, summarised_steps=count)
        case LimitExtended(limit):
            return _extended(progress, limit)
        case _:
            assert_never(fact)


def _args_rejected(progress: Progress, tool: str) -> Progress:
    by_tool = progress.arg_failures_by_tool
    return changed(
        progress,
        invalid_args=progress.invalid_args + 1,
        consecutive_arg_failures=progress.consecutive_arg_failures + 1,
        arg_failures_by_tool={**by_tool, tool: by_tool.get(tool, 0) + 1},
    )


def _calls_ran(progress: Progress, count: int, succeeded: tuple[str, ...]) -> Progress:
    progress = changed(progress, hops_used=progress.hops_used + count)
    if not succeeded or not (progress.consecutive_arg_failures or progress.arg_failures_by_tool):
        return progress
    left = {tool: n for tool, n in progress.arg_failures_by_tool.items() if tool not in succeeded}
    return changed(progress, consecutive_arg_failures=0, arg_failures_by_tool=left)


def _extended(progress: Progress, limit: ExtendableLimit) -> Progress:
    extensions = {**progress.extensions, limit: progress.extensions.get(limit, 0) + 1}
    progress = changed(progress, extensions=extensions)
    match limit:
        case "hop_budget":
            return changed(progress, hop_exhausted=False)
        case "deadline_s":
            return changed(progress, deadline_passed=False)
        case "max_iters" | "cost_limit_usd":
            return progress


def progress_record(progress: Progress) -> dict[str, Any]:
    """Return the stored form."""
    return asdict(progress)


def read_progress(record: Mapping[str, Any]) -> Progress:
    """Read what `progress_record` wrote; counters a former version did not have start at zero."""
    # Any: the record is the program's own, of whatever types its fields have.
    known: dict[str, Any] = {name: record[name] for name in _FIELDS if name in record}
    known |= {name: tuple(known[name]) for name in _TUPLES if name in known}
    return Progress(**known, spend=read_spend(record.get("spend") or {}))


_FIELDS = frozenset(field.name for field in fields(Progress)) - {"spend"}
_TUPLES = ("arg_fills_tried", "ordering_completed")
