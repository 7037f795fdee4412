"""Where one signs in to the service behind a connection: the whole link, and keys to open or copy it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from penguiflow_tui.chat_messages import CopyRequested, LinkOpened
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.model.consent import Consent
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.widgets.consent_texts import consent_body, consent_head
from penguiflow_tui.widgets.key_hints import KeyHints, hint

_LOOK_EVERY_S = 0.25


class SignInScreen(ModalScreen[bool]):
    """Gives true when the person says they signed in, and false when they leave, or are signed in already.

    `is_signed_in` is asked now and then: a sign-in that comes back to this machine needs no key.
    """

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("link", "dialog")]

    def __init__(self, consent: Consent, *, is_signed_in: Callable[[], bool]) -> None:
        super().__init__()
        self._consent = consent
        self._is_signed_in = is_signed_in
        self._hints = KeyHints(id="hints")

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="sign-in") as box:
            box.border_title = "◆ Sign-in"
            yield Static(consent_head(self._consent, "The agent"), markup=False)
            yield Static(consent_body(self._consent), markup=False, classes="body")
            yield self._hints

    def on_mount(self) -> None:
        link = [hint("open-sign-in", "open in browser"), hint("copy-sign-in", "copy link")]
        done = [hint("signed-in", "I signed in: connect"), hint("close-dialog", "close")]
        self._hints.show([*(link if self._consent.address else []), *done])
        self.set_interval(_LOOK_EVERY_S, self._leave_when_signed_in)

    def _leave_when_signed_in(self) -> None:
        if self.is_current and self._is_signed_in():
            self.dismiss(False)

    def action_open_link(self) -> None:
        if self._consent.address is not None:
            self.post_message(LinkOpened(self._consent.address))

    def action_copy_link(self) -> None:
        if self._consent.address is not None:
            self.post_message(CopyRequested(self._consent.address.text))

    def action_signed_in(self) -> None:
        self.dismiss(True)

    def action_close(self) -> None:
        self.dismiss(False)
