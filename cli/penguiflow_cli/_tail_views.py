"""How the events of a run are shown while it is followed: one line each, as in the workbench's event log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from penguiflow.state.events import PersonAsked, RunEvent, RunFinished, TextStreamed
from penguiflow_cli._cells import cell_count, fit
from penguiflow_cli._json_lines import JsonLinesView
from penguiflow_cli._output import Output
from penguiflow_cli._pause_text import pause_text
from penguiflow_cli._run_ending import RunEnding
from penguiflow_cli._styled import Span, StyledLine, plain_text
from penguiflow_tui.model.event_line import event_line

_KIND_CELLS = 11


class TailView(Protocol):
    """Shows events, the last `at_most` lines of them, and then how the run ended."""

    def show(self, events: Sequence[RunEvent], *, at_most: int | None = None) -> None: ...
    def end(self, ending: RunEnding) -> None: ...


class JsonTail:
    """A `TailView` for programs."""

    def __init__(self, output: Output) -> None:
        self._lines = JsonLinesView(output)

    def show(self, events: Sequence[RunEvent], *, at_most: int | None = None) -> None:
        self._lines.show(events if at_most is None else events[max(0, len(events) - at_most) :])

    def end(self, ending: RunEnding) -> None:
        self._lines.end(None)


class TextTail:
    """A `TailView` for people. `resume_options` are repeated in the command that goes on with a pause."""

    def __init__(self, output: Output, resume_options: Sequence[str]) -> None:
        self._output = output
        self._resume_options = resume_options

    def show(self, events: Sequence[RunEvent], *, at_most: int | None = None) -> None:
        lines = [tail_line(event) for event in events if not isinstance(event.body, TextStreamed)]
        for line in lines if at_most is None else lines[max(0, len(lines) - at_most) :]:
            self._output.styled_line(_fitting(line, self._output.width))

    def end(self, ending: RunEnding) -> None:
        """Write the whole answer when its line could not, or what the run waits for."""
        match ending:
            case RunFinished(answer=answer) if "\n" in answer or self._is_cut(answer):
                self._output.line()
                self._output.line(answer)
            case PersonAsked():
                self._output.line()
                self._output.line(pause_text(ending, self._resume_options))
            case _:
                pass

    def _is_cut(self, answer: str) -> bool:
        return self._output.width is not None and cell_count(answer) > self._output.width - _BEFORE_SUMMARY


def tail_line(event: RunEvent) -> StyledLine:
    """Return the line of one event."""
    line = event_line(event)
    kind = f"{line.glyph} {line.kind:<{_KIND_CELLS}} " if line.summary else f"{line.glyph} {line.kind}"
    return [Span(f"{line.time[:8]}  ", "muted"), Span(kind, line.tone), Span(line.summary)]


_BEFORE_SUMMARY = len("00:00:00  ") + len("✓ ") + _KIND_CELLS + 1


def _fitting(line: StyledLine, width: int | None) -> StyledLine:
    if width is None or cell_count(plain_text(line)) <= width:
        return line
    *before, last = line
    return [*before, Span(fit(last.text, width - cell_count(plain_text(before))), last.style)]


def tail_view(output: Output, *, json_lines: bool, resume_options: Sequence[str]) -> TailView:
    """Return the view for a program or for a person."""
    return JsonTail(output) if json_lines else TextTail(output, resume_options)
