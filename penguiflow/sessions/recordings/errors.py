"""What can go wrong with a recording.

RecordingError
├── NotRecordableError   the run cannot become a test; the message says why
└── RecordingMissError   the agent did something that is not recorded
"""

from __future__ import annotations


class RecordingError(Exception):
    """A recording cannot be read. `hint` says what to do next."""

    code = "recording"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class NotRecordableError(RecordingError):
    """The history does not hold what a replay needs."""

    code = "not_recordable"


class RecordingMissError(RecordingError, AssertionError):
    """A tool call, or a question to a person, that the recording does not hold."""

    code = "recording_miss"
