"""What a screen does with an error of something it had begun beside itself."""

from __future__ import annotations

from textual.message_pump import MessagePump
from textual.worker import Worker, WorkerState

from penguiflow_tui.chat_messages import WorkFailed


class TellsFailures(MessagePump):
    """Hands the error of a worker on to the application, which shows it; the screen goes on."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        error = event.worker.error  # pyright: ignore[reportUnknownMemberType] - bare `Worker` in Textual
        if event.state is WorkerState.ERROR and error is not None:
            self.post_message(WorkFailed(error))
