"""The stored sessions: what each is about, what became of it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import DescendantFocus
from textual.reactive import var
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from penguiflow._clock import WallClock, wall_clock
from penguiflow.safe_text import safe_line
from penguiflow.sessions.results import SessionError
from penguiflow.state.errors import StoreError
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.messages import ReplayWanted
from penguiflow_tui.ports import SessionShelf, StoredSession
from penguiflow_tui.session_rows import SessionRow, matching, session_rows
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.tones import MUTED, TONE_STYLES
from penguiflow_tui.widgets.key_hints import KeyHint, KeyHints, hint
from penguiflow_tui.widgets.text_fields import LineField
from penguiflow_tui.worker_failures import TellsFailures

_READING = "◌ reading the sessions …"
_NOT_LOADED = "The agent is not loaded yet. The sessions of its project appear here once it is."
_EMPTY = "No session is stored yet. Ask the agent something: it is kept here."
_ERROR_CHARS = 400


class SessionList(OptionList):
    """Keeps the session under the cursor in sight when a field or a message takes a part of its lines."""

    def on_resize(self) -> None:
        self.scroll_to_highlight()


class SessionsScreen(TellsFailures, ModalScreen[str | None]):
    """Gives the id of the session to open, or nothing."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("sessions")]
    AUTO_FOCUS = "OptionList"

    shows_archived: var[bool] = var(False, init=False)

    def __init__(
        self, shelf: SessionShelf | None, *, current_id: str | None, clock: WallClock = wall_clock
    ) -> None:
        super().__init__()
        self._shelf = shelf
        self._current_id = current_id
        self._clock = clock
        self._sessions: Sequence[StoredSession] = ()
        self._shown: Sequence[StoredSession] = ()
        self._renamed: StoredSession | None = None
        self._filter_field = LineField(placeholder="words to look for", id="filter", select_on_focus=False)
        self._list = SessionList(markup=False)
        self._note = Static(_READING, markup=False, id="note")
        self._name_field = LineField(id="name", placeholder="no name", select_on_focus=False)
        self._told = Static(markup=False, id="told")
        self._hints = KeyHints(id="hints")

    def compose(self) -> ComposeResult:
        with Vertical(id="sessions") as box:
            box.border_title = "Sessions"
            yield self._filter_field
            yield self._note
            yield self._list
            yield self._name_field
            yield self._told
            yield self._hints

    def on_mount(self) -> None:
        self._filter_field.display = self._name_field.display = self._told.display = False
        self._name_field.border_title = "Name"
        self._filter_field.border_title = "Filter"
        if self._shelf is None:
            self._show_note(_NOT_LOADED)
        else:
            self._read(self._shelf, self._current_id)

    # The list

    @work(group="read", exclusive=True, exit_on_error=False)
    async def _read(self, shelf: SessionShelf, go_to: str | None) -> None:
        try:
            self._sessions = await shelf.list_sessions(archived=None if self.shows_archived else False)
        except StoreError as exc:
            hint = f"\n{exc.hint}" if exc.hint else ""
            self._show_note(f"✗ The sessions cannot be read: {exc}{hint}")
            return
        self._show_list(go_to)

    def _show_list(self, go_to: str | None) -> None:
        before = self._list.highlighted or 0
        self._shown = matching(self._sessions, self._filter_field.value)
        rows = session_rows(self._shown, now=self._clock())
        self._list.set_options(
            Option(row_text(row, is_open=session.session_id == self._current_id))
            for row, session in zip(rows, self._shown, strict=True)
        )
        if self._shown:
            ids = [session.session_id for session in self._shown]
            self._list.highlighted = ids.index(go_to) if go_to in ids else min(before, len(ids) - 1)
        self._show_note("" if self._shown else self._why_empty())
        self._show_hints()

    def _why_empty(self) -> str:
        if self._sessions:
            return f"No session has these words: {safe_line(self._filter_field.value, max_chars=60)}"
        return _EMPTY if self.shows_archived else f"{_EMPTY} Tab shows archived ones."

    def _show_note(self, text: str) -> None:
        self._note.update(Content(safe_line(text, max_chars=_ERROR_CHARS)))
        self._note.display = bool(text)
        self._list.display = not text
        self._show_hints()

    @property
    def _selected(self) -> StoredSession | None:
        place = self._list.highlighted
        return None if place is None or place >= len(self._shown) else self._shown[place]

    def watch_shows_archived(self) -> None:
        if self._shelf is not None:
            selected = self._selected
            self._read(self._shelf, None if selected is None else selected.session_id)

    @on(OptionList.OptionHighlighted)
    @on(DescendantFocus)
    def _show_hints(self) -> None:
        if self._name_field.has_focus:
            self._hints.show(_NAME_HINTS)
        elif self._filter_field.has_focus:
            self._hints.show(_FILTER_HINTS)
        else:
            self._hints.show(list_hints(self._selected, shows_archived=self.shows_archived))

    # What a person does with a session

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].session_id)

    def action_open(self) -> None:
        if self._selected is not None:
            self.dismiss(self._selected.session_id)

    def action_replay(self) -> None:
        if self._shelf is not None and self._selected is not None:
            self.post_message(ReplayWanted(self._shelf.recording(self._selected)))

    def action_fork(self) -> None:
        if self._shelf is not None and self._selected is not None:
            self._do(self._fork(self._shelf, self._selected))

    async def _fork(self, shelf: SessionShelf, session: StoredSession) -> tuple[str, str]:
        forked = await shelf.fork_session(session.session_id)
        return "The fork is the first one in the list; Enter opens it.", forked

    def action_archive(self) -> None:
        if self._shelf is not None and self._selected is not None:
            self._do(self._archive(self._shelf, self._selected))

    async def _archive(self, shelf: SessionShelf, session: StoredSession) -> tuple[str, str]:
        await shelf.archive_session(session.session_id, archived=not session.archived)
        return "Taken back." if session.archived else "Put away; Tab shows archived ones.", session.session_id

    def action_export(self) -> None:
        if self._shelf is not None and self._selected is not None:
            self._do(self._export(self._shelf, self._selected))

    async def _export(self, shelf: SessionShelf, session: StoredSession) -> tuple[str, str]:
        return f"Written to {await shelf.export_session(session.session_id)}", session.session_id

    @work(group="change", exit_on_error=False)
    async def _do(self, change: Coroutine[Any, Any, tuple[str, str]]) -> None:
        """Await a change, tell what came of it, and show the list with the cursor on the session."""
        try:
            told, session_id = await change
        except (SessionError, StoreError, OSError) as exc:
            hint = getattr(exc, "hint", None)
            self._tell(f"✗ {exc}" + (f" ({hint})" if hint else ""), is_error=True)
            return
        self._tell(told)
        if self._shelf is not None:
            self._read(self._shelf, session_id)

    def _tell(self, text: str, *, is_error: bool = False) -> None:
        self._told.update(Content(safe_line(text, max_chars=_ERROR_CHARS)))
        self._told.set_class(is_error, "-error")
        self._told.display = bool(text)

    # The fields

    def action_name(self) -> None:
        if self._selected is not None:
            self._renamed = self._selected
            self._name_field.value = safe_line(self._selected.name)
            self._name_field.display = True
            self._name_field.focus()

    @on(Input.Submitted, "#name")
    def _give_name(self) -> None:
        session, self._renamed = self._renamed, None
        self._name_field.display = False
        self._list.focus()
        if self._shelf is not None and session is not None:
            self._do(self._rename(self._shelf, session, self._name_field.value))

    async def _rename(self, shelf: SessionShelf, session: StoredSession, name: str) -> tuple[str, str]:
        await shelf.name_session(session.session_id, name)
        return "", session.session_id

    def action_filter(self) -> None:
        self._filter_field.display = True
        self._filter_field.focus()

    @on(Input.Changed, "#filter")
    def _filter_list(self) -> None:
        selected = self._selected
        self._show_list(None if selected is None else selected.session_id)

    @on(Input.Submitted, "#filter")
    def _leave_filter(self) -> None:
        self._list.focus()

    def action_toggle_archived(self) -> None:
        self.shows_archived = not self.shows_archived

    def action_back(self) -> None:
        if self._name_field.has_focus:
            self._name_field.display = False
            self._list.focus()
        elif self._filter_field.display:
            self._filter_field.value = ""
            self._filter_field.display = False
            self._list.focus()
        else:
            self.dismiss(None)


def row_text(row: SessionRow, *, is_open: bool) -> Content:
    """Return two lines: what the session is called; how it stands, and the facts."""
    marks = [Content.assemble((f"{mark.glyph} {mark.word}", TONE_STYLES[mark.tone])) for mark in row.marks]
    facts = [Content.assemble((fact, MUTED)) for fact in row.facts]
    return Content.assemble(
        ("↳ " if row.is_fork else "", TONE_STYLES["active"]),
        (row.headline, "bold"),
        ("  this session" if is_open else "", TONE_STYLES["active"]),
        (f"  {row.aside}" if row.aside else "", MUTED),
        "\n",
        Content.assemble((" · ", MUTED)).join([*marks, *facts]),
    )


def list_hints(selected: StoredSession | None, *, shows_archived: bool) -> Sequence[KeyHint]:
    """Return what the keys do in the list; without a session those for one are left out."""
    for_one = [
        hint("open-session", "open"),
        hint("replay-session", "replay"),
        hint("fork-session", "fork"),
        hint("name-session", "rename"),
        hint("archive-session", "take back" if selected is not None and selected.archived else "archive"),
        hint("export-session", "export"),
    ]
    for_all = [
        hint("filter-sessions", "filter"),
        hint("archived-sessions", "hide archived" if shows_archived else "show archived"),
        hint("new-session", "new"),
        hint("close-sessions", "close"),
    ]
    return for_all if selected is None else [*for_one, *for_all]


_NAME_HINTS = (KeyHint("Enter", "call it so"), hint("close-sessions", "cancel"))
_FILTER_HINTS = (KeyHint("Enter", "to the list"), hint("close-sessions", "all sessions"))
