"""A stored run as a test: taken out of the history once, replayed offline whenever the tests run.

`take_recording` reads a run, `write_tape` its model calls, `replay` runs the agent again with both and
returns what it did. The agent is the real one; only its model, its tools and its memory answer as recorded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penguiflow.sessions.recordings.errors import NotRecordableError, RecordingError, RecordingMissError
    from penguiflow.sessions.recordings.recording import Recording
    from penguiflow.sessions.recordings.replaying import Replayed, replay, replay_async
    from penguiflow.sessions.recordings.taking import take_recording
    from penguiflow.sessions.recordings.tape import write_tape

__all__ = [
    "NotRecordableError",
    "Recording",
    "RecordingError",
    "RecordingMissError",
    "Replayed",
    "replay",
    "replay_async",
    "take_recording",
    "write_tape",
]

_MODULES = {
    "NotRecordableError": "errors",
    "Recording": "recording",
    "RecordingError": "errors",
    "RecordingMissError": "errors",
    "Replayed": "replaying",
    "replay": "replaying",
    "replay_async": "replaying",
    "take_recording": "taking",
    "write_tape": "tape",
}


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(f"{__name__}.{module}"), name)
