"""Sums over model calls. An unknown cost or token count is counted as unknown, never as zero."""

from __future__ import annotations

from dataclasses import replace

from penguiflow.state.events import ModelCalled
from penguiflow_tui.model.state import Totals


def add_call(totals: Totals, call: ModelCalled) -> Totals:
    """Return `totals` with one more model call.

    A call that ended in an error brought nothing that could have a price, so it does not make the sum
    uncertain.
    """
    priced = call.cost_usd is not None
    counted = call.input_tokens is not None and call.output_tokens is not None
    failed = call.error is not None
    return replace(
        totals,
        llm_calls=totals.llm_calls + 1,
        input_tokens=totals.input_tokens + (call.input_tokens or 0),
        output_tokens=totals.output_tokens + (call.output_tokens or 0),
        cost_usd=totals.cost_usd + (call.cost_usd or 0.0),
        priced_calls=totals.priced_calls + priced,
        unpriced_calls=totals.unpriced_calls + (not priced and not failed),
        uncounted_calls=totals.uncounted_calls + (not counted and not failed),
    )


def add_steps(totals: Totals, steps: int) -> Totals:
    """Return `totals` with `steps` more steps."""
    return replace(totals, steps=totals.steps + steps) if steps else totals
