"""Runs as a table that fits a terminal, and as lines of whole values for programs."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow.safe_text import safe_line
from penguiflow.state.summaries import RunSummary
from penguiflow_cli._cells import fit
from penguiflow_cli._run_names import short_ids
from penguiflow_cli._run_words import day_time, iso_time, state_span, state_word
from penguiflow_cli._styled import Span
from penguiflow_cli._table import Column, cells_of, table
from penguiflow_tui.model.figures import count_text, duration_text, money_text

_MAX_AGENT = 16


def duration_ms(run: RunSummary) -> float:
    """Return the time from the question to the last event, with the time a person was asked."""
    return round(max(0.0, run.updated_at - run.started_at) * 1000, 3)


def run_row(run: RunSummary) -> str:
    """Return the values of a run, whole and parted by tabs."""
    values = (
        run.run_id,
        iso_time(run.started_at),
        state_word(run.state, run.reason),
        safe_line(run.agent),
        safe_line(run.question),
        run.steps,
        run.tool_calls,
        run.input_tokens + run.output_tokens,
        "?" if run.cost_usd is None else f"{run.cost_usd:.6f}",
        f"{duration_ms(run):.0f}",
    )
    return "\t".join(str(value) for value in values)


def run_table(runs: Sequence[RunSummary], *, width: int, now: float) -> list[list[Span]]:
    """Return a heading and one line for each run, at least one; columns that do not fit are left out."""
    tokens = [_tokens(run) for run in runs]
    agents = [fit(safe_line(run.agent), _MAX_AGENT) for run in runs]
    times = [duration_text(duration_ms(run)) for run in runs]
    costs = ["?" if run.cost_usd is None else money_text(run.cost_usd) for run in runs]
    questions = [safe_line(run.question) for run in runs]
    columns = [
        Column(heading="RUN", cells=cells_of(short_ids([run.run_id for run in runs]), "active")),
        Column(heading="WHEN", cells=cells_of([day_time(run.started_at, now) for run in runs]), keep=7),
        Column(heading="STATE", cells=[state_span(state_word(run.state, run.reason)) for run in runs]),
        Column(heading="AGENT", cells=cells_of(agents), keep=2),
        Column(heading="QUESTION", cells=cells_of(questions), grows=True),
        Column(heading="STEPS", cells=cells_of([str(run.steps) for run in runs]), right=True, keep=4),
        Column(heading="CALLS", cells=cells_of([str(run.tool_calls) for run in runs]), right=True, keep=3),
        Column(heading="TOKENS", cells=cells_of(tokens), right=True, keep=1),
        Column(heading="COST", cells=cells_of(costs), right=True, keep=5),
        Column(heading="TIME", cells=cells_of(times), right=True, keep=6),
    ]
    return table(columns, width=width)


def _tokens(run: RunSummary) -> str:
    counted = run.input_tokens + run.output_tokens
    return "?" if run.model_calls and not counted else count_text(counted)
