"""What a run took: steps, calls, tokens, money, time. `None` is unknown, which is not zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from penguiflow.sessions.projections.recorded_run import RecordedRun
from penguiflow.sessions.totals import sum_known
from penguiflow.state.events import ModelCalled


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMeasures:
    """`worked_ms` leaves out the time a person was asked."""

    steps: int
    model_calls: int
    tool_calls: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    worked_ms: float


def measures_of(run: RecordedRun) -> RunMeasures:
    """Measure a run."""
    return RunMeasures(
        steps=run.steps,
        model_calls=len(run.model_calls),
        tool_calls=len(run.calls),
        input_tokens=_tokens((call.input_tokens, call) for call in run.model_calls),
        output_tokens=_tokens((call.output_tokens, call) for call in run.model_calls),
        cost_usd=run.cost_usd,
        worked_ms=run.worked_ms,
    )


def _tokens(counts: Iterable[tuple[int | None, ModelCalled]]) -> int | None:
    # As with costs, what a failed call does not tell is taken as nothing.
    total = sum_known(0 if count is None and call.error is not None else count for count, call in counts)
    return None if total is None else int(total)
