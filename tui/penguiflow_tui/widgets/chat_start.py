"""What the chat shows before anything was said: that something loads, what to do, or why it cannot."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from penguiflow.safe_text import safe_line, safe_text
from penguiflow_tui.keys import shown_key
from penguiflow_tui.model.figures import plural
from penguiflow_tui.startup import LoadFailed, Loading, Ready, Recorded, Startup
from penguiflow_tui.styles import styles_beside

_FIRST_KEYS = (
    ("send", "ask"),
    ("interrupt", "stop the run"),
    ("sessions", "earlier sessions"),
    ("help", "all keys"),
)
_REPLAY_KEYS = (("play", "play"), ("next-event", "the next event"), ("replay-end", "all of it at once"))
_KEY_CELLS = 8
_WHAT_HAPPENS = (
    "You will see each step it takes and why. A tool that needs your approval asks here before it runs. "
    "To begin, try: what can you do?"
)


class ChatStart(Static):
    """The empty chat."""

    DEFAULT_CSS = styles_beside(__file__)

    def __init__(self, startup: Startup) -> None:
        super().__init__(_content(startup), markup=False)

    def show(self, startup: Startup) -> None:
        """Show how far loading has come."""
        self.update(_content(startup))


def _content(startup: Startup) -> Content:
    match startup:
        case Loading(progress=progress, what=what):
            return Content.assemble(
                (f"Loading {what}", "bold"), "\n\n", (f"◌ {safe_line(progress)} …", "$text-muted")
            )
        case LoadFailed():
            return _failed(startup)
        case Ready():
            return _ready(startup)
        case Recorded():
            return _recorded(startup)


def _failed(failed: LoadFailed) -> Content:
    again = (
        Content.assemble(
            "\n\n", (shown_key("load-again"), "bold $primary"), (" loads it again", "$text-muted")
        )
        if failed.may_try_again
        else Content("")
    )
    return Content.assemble(
        (f"✗ {failed.what.capitalize()} cannot be loaded", "bold $text-error"),
        f"\n\n{safe_text(failed.message, max_chars=4_000)}\n\n",
        (safe_text(failed.hint, max_chars=1_000), "$text-muted"),
        again,
    )


def _recorded(recorded: Recorded) -> Content:
    title = Content.assemble((safe_line(recorded.title, max_chars=100), "bold"))
    if not recorded.events:
        return Content.assemble(title, "\n\n", ("Nothing was recorded here.", "$text-muted"))
    keys = [
        Content.assemble((shown_key(action).ljust(_KEY_CELLS), "bold $primary"), (what, "$text-muted"))
        for action, what in _REPLAY_KEYS
    ]
    count = f"A recording of {plural(recorded.events, 'event')}. No agent runs, and nothing is asked or paid."
    return Content.assemble(title, "\n\n", (count, "$text-muted"), "\n\n", Content("\n").join(keys))


def _ready(ready: Ready) -> Content:
    name = safe_line(ready.agent, max_chars=60)
    speaks = f" · {safe_line(ready.model, max_chars=60)}" if ready.model else ""
    trouble = f"✗ {safe_text(ready.model_trouble, max_chars=1_000)}\n\n" if ready.model_trouble else ""
    keys = [
        Content.assemble((shown_key(action).ljust(_KEY_CELLS), "bold $primary"), (what, "$text-muted"))
        for action, what in _FIRST_KEYS
    ]
    return Content.assemble(
        (f"Ask {name} something", "bold"),
        (speaks, "$text-muted"),
        "\n\n",
        (trouble, "$text-error"),
        (_WHAT_HAPPENS, "$text-muted"),
        "\n\n",
        Content("\n").join(keys),
    )
