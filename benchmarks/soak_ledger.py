"""What every trace owes, and whether it was paid exactly once.

A plain trace owes one result, a stream its chunks in order and then its message, a failing one its error.
A trace that was cancelled owes nothing more, and must not pay any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from soak_flow import PARTS, Job

from penguiflow import FinalAnswer, FlowError, FlowErrorCode, Message, StreamChunk

_MANY = 20


@dataclass(slots=True, kw_only=True)
class _Account:
    job: Job
    chunks: int = 0


class Ledger:
    """The open traces, and the complaints about them."""

    def __init__(self) -> None:
        self._open: dict[str, _Account] = {}
        self.sent = 0
        self.results = 0
        self.cancelled = 0
        self.complaints: list[str] = []
        self._peak = 0

    def __len__(self) -> int:
        return len(self._open)

    def owes(self, trace_id: str, job: Job) -> None:
        """Note that a message is about to be sent."""
        self._open[trace_id] = _Account(job=job)
        self.sent += 1
        self._peak = max(self._peak, len(self._open))

    def cancel(self, trace_id: str, *, known: bool) -> None:
        """Note the answer of `cancel`; a trace that the flow does not know must have paid."""
        account = self._open.pop(trace_id, None)
        if known:
            self.cancelled += 1
        elif account is not None:
            self._complain(f"a `{account.job.kind}` was lost: cancel did not find it")

    def receive(self, item: Message | FlowError) -> None:
        """Book what came out of the flow."""
        self.results += 1
        trace_id = item.trace_id or ""
        account = self._open.get(trace_id)
        if account is None:
            self._complain(f"came twice, or after its trace was cancelled: {item!r}")
        elif isinstance(item, Message) and isinstance(item.payload, StreamChunk):
            self._receive_chunk(account, item.payload)
        else:
            self._receive_last(trace_id, account, item)

    def take_peak(self) -> int:
        """Return how many traces were open at most since the last call."""
        peak, self._peak = self._peak, 0
        return peak

    def end_round(self) -> None:
        """Complain about what is still owed, and forget it."""
        for account in self._open.values():
            self._complain(f"a `{account.job.kind}` was lost after {account.chunks} chunks")
        self._open.clear()

    def _receive_chunk(self, account: _Account, chunk: StreamChunk) -> None:
        if chunk.seq != account.chunks:
            self._complain(f"chunk {chunk.seq} came where {account.chunks} was due")
        if chunk.done != (chunk.seq == account.job.chunks - 1):
            self._complain(f"chunk {chunk.seq} of {account.job.chunks} had done={chunk.done}")
        account.chunks += 1

    def _receive_last(self, trace_id: str, account: _Account, item: Message | FlowError) -> None:
        if not pays(account.job, item):
            self._complain(f"a `{account.job.kind}` ended with {item!r}")
        if account.job.kind == "stream" and account.chunks != account.job.chunks:
            self._complain(f"a stream ended after {account.chunks} of {account.job.chunks} chunks")
        del self._open[trace_id]

    def _complain(self, complaint: str) -> None:
        if len(self.complaints) < _MANY:
            self.complaints.append(complaint)


def pays(job: Job, item: Message | FlowError) -> bool:
    """Tell whether this is how a job of its kind ends."""
    if isinstance(item, FlowError):
        code = {"fail": FlowErrorCode.NODE_EXCEPTION, "time out": FlowErrorCode.NODE_TIMEOUT}.get(job.kind)
        return code is not None and item.code == code.value
    payload: object = item.payload
    match job.kind:
        case "fail" | "time out":
            return False
        case "join":
            return payload == [job] * PARTS
        case "loop":
            return isinstance(payload, FinalAnswer) and payload.text == "done"
        case _:
            return payload is job
