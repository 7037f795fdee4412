"""What can go wrong with a store.

StoreError                the store cannot be opened, read or written; the run that needs it must hear it
├── StoreSchemaError      the file belongs to another version or another program
└── HistoryConflictError  two different events claim one place in the history of a run
"""

from __future__ import annotations


class StoreError(Exception):
    """A store cannot do its work. `hint` says what to do next."""

    code = "store_failed"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class StoreSchemaError(StoreError):
    """The file was written by a newer version, or is no history at all."""

    code = "store_schema"


class HistoryConflictError(StoreError):
    """`(run_id, seq)` already holds another event; somebody else writes the same run."""

    code = "history_conflict"

    def __init__(self, run_id: str, seq: int) -> None:
        super().__init__(
            f"event {seq} of run `{run_id}` is already stored with another content",
            hint="another process works on this run: open its session again to see what it did",
        )
        self.run_id = run_id
        self.seq = seq
