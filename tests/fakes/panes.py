"""Seeing what a pane shows, and waiting until it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

from penguiflow_tui.widgets.alone import AloneApp

HOSTILE_TEXTS = (
    "[brackets] and [/x] and [@click=app.quit]quit[/]",
    "[link=https://example.invalid]x[/link] arr[i] [/usr/bin]",
    "\x1b[31mred\x1b[0m \x1b]52;c;aGk=\x07 \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \x9b31m \x00 \x7f",
    "👩‍👩‍👧 🇩🇪 漢字テスト ｗｉｄｅ e\u0301\u0301\u0301\u0301\u0301\u0301 \u200b\u202eevil\u202c \ufeff",
    "a\tb\nc\r\nd\u2028e",
    "x" * 1_000_000,
    "漢" * 100_000,
    "\ud800 lone",
    "",
)
"""Texts that crash, quit or hijack an application that reads markup or passes control characters on."""


def strips_of(widget: Widget) -> list[Strip]:
    """Return the lines the widget draws now, its border included."""
    return widget.render_lines(Region(0, 0, widget.outer_size.width, widget.outer_size.height))


def text_of(widget: Widget) -> str:
    """Return what can be read on the widget and inside it."""
    lines = [strip.text.rstrip() for strip in strips_of(widget)]
    return "\n".join([*lines, *(text_of(child) for child in widget.children if child.display)])


def control_characters_of(widget: Widget) -> set[str]:
    """Return the control characters the widget would send to the terminal."""
    return {char for char in text_of(widget) if char != "\n" and (ord(char) < 32 or 126 < ord(char) < 160)}


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    """Wait until `condition` holds, at most 5 s."""
    try:
        async with asyncio.timeout(5):
            while not condition():
                await pilot.pause()
    except TimeoutError:
        raise AssertionError(f"waited 5 s for: {what}") from None


class Listening(AloneApp[Widget]):
    """An application of one widget that keeps the messages the widget posts."""

    def __init__(self, widget: Widget) -> None:
        super().__init__(widget, lambda _: None)
        self.heard: list[Message] = []

    def hear(self, message: Message) -> None:
        self.heard.append(message)

    def on_copy_requested(self, message: Message) -> None:
        self.hear(message)

    def on_event_selected(self, message: Message) -> None:
        self.hear(message)

    def on_step_selected(self, message: Message) -> None:
        self.hear(message)

    def on_connection_opened(self, message: Message) -> None:
        self.hear(message)

    def on_connection_retried(self, message: Message) -> None:
        self.hear(message)
