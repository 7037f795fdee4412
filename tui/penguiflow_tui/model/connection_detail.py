"""One tool connection in full: where it leads, how it stands, what went wrong and what to do about it."""

from __future__ import annotations

from penguiflow.safe_text import safe_line, safe_text
from penguiflow_tui.model.detail import DetailSection, DetailView
from penguiflow_tui.model.figures import duration_text, plural
from penguiflow_tui.model.marks import Tone, circuit_text, connection_mark
from penguiflow_tui.model.state import ConnectionView
from penguiflow_tui.model.web_address import WebAddressError, web_address

_FIRST_STATELESS_VERSION = "2026-07-28"
_MAX_LINES = 20
_MAX_NAMES = 50

_NEXT_STEPS = {
    "idle": "It connects when the agent starts.",
    "connecting": "Wait, or go on: the agent works without it.",
    "disabled": "It was switched off: nothing is started, and its tools are not offered.",
    "closed": "It was closed; it is opened again by the next call, or now.",
}


def connection_detail(connection: ConnectionView) -> DetailView:
    """Return the detail of a connection, the most urgent first."""
    sections = [
        *_text("What went wrong", connection.error, "error"),
        *_text("What to do", connection.hint or _NEXT_STEPS.get(connection.state)),
        *_sign_in(connection),
        *_changed(connection),
        *_text("Where it leads", _place(connection)),
    ]
    if connection.last_error and connection.last_error != connection.error:
        sections += _text("The last error, since recovered from", connection.last_error, "warning")
    if connection.circuit != "closed":
        sections += _text("Circuit", circuit_text(connection.circuit), "warning")
    lines = "\n".join(safe_line(line, max_chars=400) for line in connection.last_lines[-_MAX_LINES:])
    sections += _text("The end of its stderr", lines, "muted")
    return DetailView(
        title=safe_line(connection.name, max_chars=100),
        mark=connection_mark(safe_line(connection.state, max_chars=30)),
        figures=safe_line(" · ".join(_figures(connection))),
        sections=tuple(sections),
    )


def protocol_text(version: str) -> str:
    """Return the version and what it means for the connection: with a handshake, or a request at a time."""
    era = "stateless" if version >= _FIRST_STATELESS_VERSION else "handshake"
    return f"{version} ({era})"


def _figures(connection: ConnectionView) -> list[str]:
    figures = [plural(connection.tool_count, "tool")] if connection.state == "ready" else []
    if connection.latency_ms is not None:
        figures.append(f"connected in {duration_text(connection.latency_ms)}")
    return figures


def _place(connection: ConnectionView) -> str:
    facts = [
        ("Transport", connection.transport),
        ("Target", connection.target),
        ("Server", connection.server),
    ]
    if connection.protocol_version:
        facts.append(("Protocol", protocol_text(connection.protocol_version)))
    return "\n".join(f"{label:<9}  {safe_line(text, max_chars=500)}" for label, text in facts if text)


def _sign_in(connection: ConnectionView) -> list[DetailSection]:
    if not connection.auth_url:
        return []
    try:
        address = web_address(connection.auth_url)
    except WebAddressError as exc:
        return _text("Sign in", f"The link is not shown: {exc}.", "error")
    return _text("Sign in", f"at {address.host}\n{address.text}", "warning")


def _changed(connection: ConnectionView) -> list[DetailSection]:
    names = [safe_line(name, max_chars=80) for name in connection.held_back[:_MAX_NAMES]]
    if len(connection.held_back) > _MAX_NAMES:
        names.append(safe_line(f"… and {len(connection.held_back) - _MAX_NAMES} more"))
    return _text("Changed since you approved them, held back", "\n".join(names), "warning")


def _text(heading: str, text: str | None, tone: Tone = "plain") -> list[DetailSection]:
    if not text:
        return []
    return [DetailSection(heading=heading, body=safe_text(text, max_chars=8_000), tone=tone)]
