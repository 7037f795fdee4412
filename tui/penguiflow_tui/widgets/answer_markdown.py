"""Markdown as text of one widget, which costs a tenth of a widget for each paragraph."""

from __future__ import annotations

from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, MarkdownElement
from rich.markdown import Markdown as RichMarkdown


class _PlainHeading(Heading):
    """A heading on the left: Rich would draw a box around the first level and centre the others."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        yield self.text


class AnswerMarkdown(RichMarkdown):
    """Markdown as text of one widget."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **RichMarkdown.elements,
        "heading_open": _PlainHeading,
    }
