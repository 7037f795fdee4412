"""A session in words: as a table that fits a terminal, as values for programs, as a JSON line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from penguiflow.safe_text import safe_line
from penguiflow.state.summaries import SessionSummary
from penguiflow_cli._cells import fit
from penguiflow_cli._run_names import short_ids
from penguiflow_cli._run_words import day_time, iso_time, state_span, state_word
from penguiflow_cli._styled import Span
from penguiflow_cli._table import Column, cells_of, table
from penguiflow_tui.model.figures import money_text

_GENERATED_ID = re.compile(r"[0-9a-f]{32}")
_NEW = "new"
_MAX_ID = 24
_MAX_NAME = 24


def session_line(session: SessionSummary) -> dict[str, Any]:
    """Return the JSON line of a session."""
    return {"v": 1, "type": "session", **asdict(session), "state": state_of(session)}


def state_of(session: SessionSummary) -> str:
    """Return the word for how the session stands: as its last run, `new` when nothing was asked."""
    return state_word(session.state, "") if session.runs else _NEW


def state_span_of(session: SessionSummary) -> Span:
    """Return the sign and the word of how a session stands."""
    word = state_of(session)
    return Span(f"○ {word}", "muted") if word == _NEW else state_span(word)


def cost_of(session: SessionSummary) -> str:
    """Return the cost; `?` when nobody knows it, nothing when there is nothing to pay for."""
    if session.cost_usd is None:
        return "?" if session.runs else ""
    return money_text(session.cost_usd)


def session_row(session: SessionSummary) -> str:
    """Return the values of a session, whole and parted by tabs."""
    values = (
        safe_line(session.session_id),
        iso_time(session.updated_at),
        state_of(session),
        safe_line(session.name),
        safe_line(session.title),
        session.runs,
        f"{session.cost_usd:.6f}" if session.cost_usd is not None else cost_of(session),
        "archived" if session.archived else "",
        safe_line(session.parent_session_id or ""),
    )
    return "\t".join(str(value) for value in values)


def session_table(sessions: Sequence[SessionSummary], *, width: int, now: float) -> list[list[Span]]:
    """Return a heading and one line for each session, at least one."""
    columns = [
        Column(heading="SESSION", cells=cells_of(shown_ids(sessions), "active")),
        Column(
            heading="CHANGED", cells=cells_of([day_time(each.updated_at, now) for each in sessions]), keep=7
        ),
        Column(heading="STATE", cells=[state_span_of(each) for each in sessions]),
        Column(heading="TITLE", cells=cells_of([title_of(each) for each in sessions]), grows=True),
        Column(heading="RUNS", cells=cells_of([str(each.runs) for each in sessions]), right=True, keep=3),
        Column(heading="COST", cells=cells_of([cost_of(each) for each in sessions]), right=True, keep=2),
    ]
    if any(each.name for each in sessions):
        names = [fit(safe_line(each.name), _MAX_NAME) for each in sessions]
        columns.insert(1, Column(heading="NAME", cells=cells_of(names, "strong"), keep=8))
    if len({each.archived for each in sessions}) > 1:
        away = ["yes" if each.archived else "" for each in sessions]
        columns.append(Column(heading="ARCHIVED", cells=cells_of(away), keep=5))
    return table(columns, width=width)


def shown_ids(sessions: Sequence[SessionSummary]) -> list[str]:
    """Shorten the ids that nobody chose, so far that they still tell one from another."""
    generated = [each.session_id for each in sessions if _GENERATED_ID.fullmatch(each.session_id)]
    short = dict(zip(generated, short_ids(generated), strict=True))
    return [short.get(each.session_id) or fit(safe_line(each.session_id), _MAX_ID) for each in sessions]


def title_of(session: SessionSummary) -> str:
    """Return the first question, or for a fork without one where it comes from."""
    if session.title or session.parent_session_id is None:
        return safe_line(session.title)
    return f"(fork of {safe_line(session.parent_session_id, max_chars=_MAX_ID)})"


def called(session: SessionSummary) -> str:
    """Return how a person would name the session: by its name if it has one, else by its id."""
    return safe_line(session.name or session.session_id)
