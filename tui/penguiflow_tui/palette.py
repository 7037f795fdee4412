"""The palette: actions and themes at once, stored sessions and tool connections when they are searched for.

Textual reads the words of a command as markup; a title of a session may hold anything. Every line is
therefore built as content, and its explanation stands in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode
from textual.fuzzy import Matcher
from textual.theme import Theme
from textual.types import IgnoreReturnCallbackType

from penguiflow.safe_text import SafeText, safe_line
from penguiflow_tui.keys import ACTIONS, KeyAction
from penguiflow_tui.screens.panes import PanesScreen
from penguiflow_tui.screens.run import RunScreen
from penguiflow_tui.session_host import SessionHost


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A line of the palette. A noun is found by its name and not listed before that."""

    text: SafeText
    explanation: SafeText
    run: IgnoreReturnCallbackType
    is_noun: bool = False


@runtime_checkable
class Commanded(Protocol):
    """The application, as far as the palette acts on it."""

    @property
    def available_themes(self) -> Mapping[str, Theme]: ...

    @property
    def host(self) -> SessionHost: ...

    @property
    def run_screen(self) -> RunScreen: ...

    @property
    def shown_panes(self) -> PanesScreen: ...

    def open_session(self, session_id: str) -> object: ...

    async def run_action(self, action: str, default_namespace: DOMNode | None = None) -> bool: ...


class WorkbenchCommands(Provider):
    """Finds what can be done in the workbench."""

    _commands: tuple[Command, ...] = ()

    async def startup(self) -> None:
        """Read the names once: a palette is open for seconds."""
        app = self.app
        if isinstance(app, Commanded):
            self._commands = (*_actions(app), *_themes(app), *_connections(app), *await _sessions(app))

    async def discover(self) -> Hits:
        for command in self._commands:
            if not command.is_noun:
                yield DiscoveryHit(_line(command), command.run, command.text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands:
            score = matcher.match(command.text)
            if score > 0:
                yield Hit(score, _line(command, matcher), command.run, command.text)


def _line(command: Command, matcher: Matcher | None = None) -> Content:
    text = Content(command.text)
    if matcher is not None:
        _, offsets = matcher.fuzzy_search.match(matcher.query, command.text)
        for offset in offsets:
            text = text.stylize("bold underline", offset, offset + 1)
    return Content("\n").join([text, Content.styled(command.explanation, "not bold $text-muted")])


def _actions(app: Commanded) -> Iterable[Command]:
    for action in ACTIONS:
        if action.in_palette and (action.place != "run" or app.shown_panes is app.run_screen):
            explanation = SafeText(f"{action.description} · {action.shown}")
            yield Command(
                text=SafeText(action.label), explanation=explanation, run=partial(_run, app, action)
            )


async def _run(app: Commanded, action: KeyAction) -> None:
    # The palette is the active screen until its command runs; a screen action means the one below it.
    is_of_panes = action.place in ("run", "panes")
    await app.run_action(action.action.removeprefix("screen."), app.shown_panes if is_of_panes else None)


def _themes(app: Commanded) -> Iterable[Command]:
    for name in app.available_themes:
        yield Command(
            text=safe_line(f"Theme {name}"),
            explanation=SafeText("Change the colours"),
            run=partial(setattr, app, "theme", name),
            is_noun=not name.startswith(("penguin", "ansi")),
        )


def _connections(app: Commanded) -> Iterable[Command]:
    for connection in app.shown_panes.state.connections:
        yield Command(
            text=safe_line(f"Tool connection {connection.name}", max_chars=80),
            explanation=safe_line(f"{connection.state} · {connection.transport}", max_chars=80),
            run=partial(app.shown_panes.show_tools, connection.name),
            is_noun=True,
        )


async def _sessions(app: Commanded) -> Iterable[Command]:
    return [
        Command(
            text=safe_line(f"Session {stored.name or stored.title}", max_chars=80),
            explanation=safe_line(f"{stored.state} · {stored.last_line}", max_chars=100),
            run=partial(app.open_session, stored.session_id),
            is_noun=True,
        )
        for stored in await app.host.list_sessions()
    ]
