"""What was found out about tool servers, shown as it comes: a table with its problems, or JSON lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Protocol

from penguiflow.safe_text import safe_line
from penguiflow_cli._cells import cell_count, fit, pad
from penguiflow_cli._json_lines import LINE_VERSION
from penguiflow_cli._output import Output
from penguiflow_cli._styled import Span, Style
from penguiflow_cli._text_blocks import Page
from penguiflow_cli._tools_checks import Finding, Problem
from penguiflow_cli._tools_exit import ToolsExit

_MAX_NAME = 24
_STATE, _TOOLS, _LATENCY = 11, 5, 9
_MARKS: Mapping[str, tuple[str, Style]] = {
    "ready": ("✓", "success"),
    "disabled": ("-", "muted"),
    "needs auth": ("!", "warning"),
    "not trusted": ("!", "warning"),
}


class FindingsView(Protocol):
    """Shows findings one by one."""

    def begin(self) -> None: ...

    def show(self, finding: Finding) -> None: ...

    def end(self, findings: Sequence[Finding]) -> None: ...


class FindingsJson:
    """One JSON object per server."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def begin(self) -> None:
        return

    def show(self, finding: Finding) -> None:
        self._output.json_line({"v": LINE_VERSION, "type": "server_check", **asdict(finding)})

    def end(self, findings: Sequence[Finding]) -> None:
        return


class FindingsTable:
    """A line per server and, below it, each problem with what to do about it."""

    def __init__(self, output: Output, names: Sequence[str]) -> None:
        self._output = output
        self._has_rows = bool(names)
        self._name = min(_MAX_NAME, max(map(cell_count, [*names, "NAME"])))

    def begin(self) -> None:
        if self._has_rows:
            self._row(Span(" "), "NAME", Span("STATE", "muted"), "TOOLS", "LATENCY", "PROTOCOL", "muted")

    def show(self, finding: Finding) -> None:
        glyph, style = _MARKS.get(finding.state, ("✗", "error"))
        if finding.state == "ready" and any(problem.exit_code for problem in finding.problems):
            glyph, style = "!", "warning"
        self._row(
            Span(glyph, style),
            finding.name,
            Span(finding.state, style),
            "" if finding.tool_count is None else str(finding.tool_count),
            "" if finding.latency_ms is None else f"{finding.latency_ms:.0f} ms",
            finding.protocol or "",
        )
        for problem in finding.problems:
            self._problem(problem)

    def end(self, findings: Sequence[Finding]) -> None:
        if not findings:
            self._output.line("No tool servers are configured here.")
            self._output.line("Name them in .mcp.json, or take those of another program:")
            self._output.line("  penguiflow tools import")
            return
        counts = {state: 0 for state in (finding.state for finding in findings)}
        for finding in findings:
            counts[finding.state] += 1
        told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items(), key=_ready_first))
        self._output.line()
        self._output.line(f"{len(findings)} server{'s' if len(findings) > 1 else ''}: {told}")

    def _row(
        self,
        glyph: Span,
        name: str,
        state: Span,
        tools: str,
        latency: str,
        protocol: str,
        style: Style = "plain",
    ) -> None:
        protocol = safe_line(protocol, max_chars=40)
        rest = f"{pad(tools, _TOOLS, right=True)} {pad(latency, _LATENCY, right=True)}  {protocol}"
        shown_name = pad(fit(safe_line(name), self._name), self._name)
        shown_state = Span(pad(state.text, _STATE) if rest.strip() else state.text, state.style)
        name_span = Span(f" {shown_name}  ", "strong" if style == "plain" else style)
        self._output.styled_line([glyph, name_span, shown_state, Span(rest.rstrip(), style)])

    def _problem(self, problem: Problem) -> None:
        page = Page(width=self._output.width)
        style: Style = "plain" if problem.exit_code is ToolsExit.OK else "warning"
        for line in page.words(problem.message, style=style, indent=4):
            self._output.styled_line(line)
        for line in page.words(f"→ {problem.fix}", style="muted", indent=4):
            self._output.styled_line(line)


def _ready_first(counted: tuple[str, int]) -> tuple[bool, str]:
    return counted[0] != "ready", counted[0]
