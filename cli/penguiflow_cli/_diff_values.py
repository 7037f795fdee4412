"""Changed values as lines: a path and both values, or the lines of a text that went and came."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from penguiflow.safe_text import safe_line, safe_text
from penguiflow.sessions.projections.alignment import common_subsequence
from penguiflow.sessions.projections.value_changes import ValueChange
from penguiflow_cli._cells import wrap
from penguiflow_cli._styled import Span, Style, StyledLine
from penguiflow_tui.model.bounded_json import compact_json
from penguiflow_tui.model.figures import plural

MAX_CHANGES = 12
_VALUE_CHARS = 100
_LEAD_CHARS = 20
_MAX_TEXT_LINES = 40
_TEXT_CHARS = 100_000


def change_lines(changes: Sequence[ValueChange], width: int | None) -> list[StyledLine]:
    """Return the changes of one call or decision, the first ones of many."""
    lines = [line for change in changes[:MAX_CHANGES] for line in _change_lines(change, width)]
    if len(changes) > MAX_CHANGES:
        rest = plural(len(changes) - MAX_CHANGES, "change")
        lines.append([Span(f"    … {rest} more; --json has all of them", "muted")])
    return lines


def text_change_lines(before: str, after: str, width: int | None) -> list[StyledLine]:
    """Return the lines that went and came, with what is the same between them left out."""
    old, new = _text_lines(before), _text_lines(after)
    matches = common_subsequence([(line,) for line in old], [(line,) for line in new])
    lines: list[StyledLine] = []
    same = 0
    for (i, j), (next_i, next_j) in pairwise([(-1, -1), *matches, (len(old), len(new))]):
        changed = [piece for line in old[i + 1 : next_i] for piece in _sided("-", line, width)]
        changed += [piece for line in new[j + 1 : next_j] for piece in _sided("+", line, width)]
        if changed and same:
            lines.append(_left_out(same))
            same = 0
        lines += changed
        same += next_i < len(old)  # the last pair stands for the end of both texts
    if same:
        lines.append(_left_out(same))
    if len(lines) > _MAX_TEXT_LINES:
        rest = plural(len(lines) - _MAX_TEXT_LINES, "line")
        return [*lines[:_MAX_TEXT_LINES], [Span(f"    … {rest} more; --json has all of them", "muted")]]
    return lines


def _change_lines(change: ValueChange, width: int | None) -> list[StyledLine]:
    match change.kind:
        case "added":
            return _sided("+", f"{change.path}: {_shown(change.after)}", width)
        case "removed":
            return _sided("-", f"{change.path}: {_shown(change.before)}", width)
        case "changed":
            old, new = _shown_from_difference(change.before, change.after)
            path = f"{change.path}: "
            if width is None or 4 + len(path) + len(old) + 4 + len(new) <= width:
                ends = [Span(old, "error"), Span(" -> "), Span(new, "success")]
                return [[Span("    ~ ", "warning"), Span(path), *ends]]
            return [
                [Span("    ~ ", "warning"), Span(safe_line(change.path))],
                *_sided("-", old, width, indent=6),
                *_sided("+", new, width, indent=6),
            ]


def _shown_from_difference(before: Any, after: Any) -> tuple[str, str]:  # JSON of any kind
    """Return both values, cut so that the first difference is seen."""
    old, new = compact_json(before, _TEXT_CHARS).text, compact_json(after, _TEXT_CHARS).text
    shorter = min(len(old), len(new))
    differs_at = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    start = differs_at - _LEAD_CHARS if differs_at + _LEAD_CHARS > _VALUE_CHARS else 0
    return _window(old, start), _window(new, start)


def _window(text: str, start: int) -> str:
    shown = text[start : start + _VALUE_CHARS]
    return ("…" if start else "") + shown + ("…" if start + _VALUE_CHARS < len(text) else "")


def _shown(value: Any) -> str:  # JSON of any kind
    return _window(compact_json(value, _VALUE_CHARS + 1).text, 0)


def _text_lines(text: str) -> list[str]:
    return safe_text(text[:_TEXT_CHARS]).expandtabs(4).split("\n") if text else []


def _left_out(count: int) -> StyledLine:
    return [Span(f"      ({plural(count, 'line')} the same)", "muted")]


def _sided(sign: str, text: str, width: int | None, *, indent: int = 4) -> list[StyledLine]:
    style: Style = "error" if sign == "-" else "success"
    pieces = wrap(safe_line(text), None if width is None else max(width - indent - 2, 20))
    signs = [sign, *(" " for _ in pieces[1:])]
    return [
        [Span(" " * indent), Span(f"{mark} {piece}", style)]
        for mark, piece in zip(signs, pieces, strict=True)
    ]
