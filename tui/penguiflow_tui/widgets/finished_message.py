"""What stands in the chat and no longer changes: one cheap widget for each entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from penguiflow.safe_text import SafeText
from penguiflow_tui.model.chat import ChatEntry
from penguiflow_tui.styles import styles_beside

if TYPE_CHECKING:
    from penguiflow_tui.widgets.answer_markdown import AnswerMarkdown

_MARKDOWN_CHARS = 24_000
"""Longer answers are shown as they were written: laying them out would hold up the screen."""


class FinishedMessage(Static):
    """A question, a notice or a final answer."""

    DEFAULT_CSS = styles_beside(__file__)

    def __init__(self, entry: ChatEntry, *, dark: bool) -> None:
        match entry.kind:
            case "question":
                content: Content | AnswerMarkdown = Content(entry.text)
            case "notice":
                content = _notice(entry)
            case "answer":
                content = _answer(entry.text, dark=dark)
        super().__init__(content, markup=False, classes=f"-{entry.kind} -{entry.tone}")


def _notice(entry: ChatEntry) -> Content:
    lines = [Content(f"{entry.glyph} {entry.text}")]
    if entry.hint:
        lines.append(Content.styled(f"  {entry.hint}", "$text-muted"))
    return Content("\n").join(lines)


def _answer(text: SafeText, *, dark: bool) -> Content | AnswerMarkdown:
    if len(text) > _MARKDOWN_CHARS:
        return Content(text)
    from penguiflow_tui.widgets.answer_markdown import AnswerMarkdown  # noqa: PLC0415 - not for the first paint

    return AnswerMarkdown(text, hyperlinks=False, code_theme="ansi_dark" if dark else "ansi_light")
