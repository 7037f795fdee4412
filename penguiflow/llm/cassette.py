"""A language model on tape: calls are recorded once and replayed without a network, a key or a cost.

    client = CassetteClient.record(LiteLLMClient("openai/gpt-4o-mini"), "tests/greeting.jsonl")
    client = CassetteClient.replay("tests/greeting.jsonl")

Each call is kept with what was streamed and with its reply (usage and cost too) or its `LLMError`. A replay
finds calls by the hash of messages, response format and tools, so runs may go side by side; equal requests
are served in the order in which they were made. A call that is not on the tape raises `CassetteMissError`,
which shows where the text differs, and is never made.

Secrets are redacted before anything is compared or written (`penguiflow.redaction`): a reply with a secret
comes back with `[redacted]` in its place. Dates in system messages are masked, because prompts name the day;
give `normalise` to mask something else in every message. The file has one JSON object per line, fit for
version control.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

from penguiflow.llm._cassette.errors import (
    CassetteError,
    CassetteFileError,
    CassetteMissError,
    CassetteUnusedError,
)
from penguiflow.llm._cassette.header import Header, RecordableClient, SignedCall
from penguiflow.llm._cassette.miss import describe_miss
from penguiflow.llm._cassette.playback import Recordings, play
from penguiflow.llm._cassette.recorded import Chunk, RecordedCall, RecordedError
from penguiflow.llm._cassette.recorder import Recorder
from penguiflow.llm._cassette.request import Normalise, RequestReader, mask_dates
from penguiflow.llm._cassette.tape_file import read_tape
from penguiflow.llm._cassette.writer import TapeWriter
from penguiflow.llm.protocol import ChatMessage, NativeTools, OnStreamChunk
from penguiflow.llm.usage import LLMReply

__all__ = [
    "CassetteClient",
    "CassetteError",
    "CassetteFileError",
    "CassetteMissError",
    "CassetteUnusedError",
    "Chunk",
    "Complete",
    "Normalise",
    "RecordableClient",
    "RecordedCall",
    "RecordedError",
    "mask_dates",
]


class Complete(Protocol):
    """`complete` of `JSONLLMClient` with the keywords that some clients take beside."""

    async def __call__(
        self,
        *,
        messages: Sequence[ChatMessage],
        response_format: Mapping[str, Any] | None = None,
        stream: bool = False,
        on_stream_chunk: OnStreamChunk | None = None,
        on_reasoning_chunk: OnStreamChunk | None = None,
        tools: NativeTools | None = None,
    ) -> LLMReply: ...


class CassetteClient:
    """A `JSONLLMClient` that records another one or replays a recording; made by `record` and `replay`.

    To a planner it looks like the client that it records or that was recorded: `model`, readiness and the
    keywords of `complete` are that client's. One cassette may serve any number of runs at the same time.
    """

    complete: Complete
    """Make one call; see `JSONLLMClient`. Further keywords reach the recorded client as they are.

    Raises:
        LLMError: the call fails, or had failed when it was recorded.
        CassetteMissError: a replay does not hold the call.
        CassetteFileError: the call was made, but its outcome cannot be written.
    """

    def __init__(
        self,
        path: Path,
        header: Header,
        *,
        recordings: Sequence[RecordedCall] = (),
        recorder: Recorder | None = None,
        normalise: Normalise | None = None,
    ) -> None:
        self._path = path
        self._header = header
        self._recordings = Recordings(recordings)
        self._recorder = recorder
        self._reader = RequestReader(normalise)
        self._calls = 0
        self._first_miss: CassetteMissError | None = None
        self.complete = SignedCall(self._complete, header.signature())

    @classmethod
    def record(
        cls,
        client: RecordableClient,
        path: str | PathLike[str],
        *,
        overwrite: bool = False,
        normalise: Normalise | None = None,
    ) -> CassetteClient:
        """Return a client that makes every call with `client` and keeps it in a new file.

        A line is appended when a call has ended, so what was recorded survives a crash. A call that was
        cancelled, or failed with anything but an `LLMError`, has no outcome to replay and is not kept.

        Raises:
            CassetteFileError: the file exists and `overwrite` is not set, or it cannot be written.
        """
        tape, header = Path(path), Header.of(client)
        writer = TapeWriter(tape)
        writer.start(header, overwrite=overwrite)
        return cls(tape, header, recorder=Recorder(client, writer), normalise=normalise)

    @classmethod
    def replay(
        cls,
        path: str | PathLike[str],
        *,
        record_missing: RecordableClient | None = None,
        normalise: Normalise | None = None,
    ) -> CassetteClient:
        """Return a client that answers from a file and asks nobody.

        Only if a client is given as `record_missing`, calls that are not on the tape are made with it and
        appended, to a new file if there is none. `normalise` must be the function of the recording.

        Raises:
            CassetteFileError: the file is missing, damaged (the line is named) or of another version.
        """
        tape = Path(path)
        if record_missing is None:
            header, calls = read_tape(tape)
            return cls(tape, header, recordings=calls, normalise=normalise)
        if not tape.exists():
            return cls.record(record_missing, tape, normalise=normalise)
        _, calls = read_tape(tape)
        last = max((call.number for call in calls), default=0)
        recorder = Recorder(record_missing, TapeWriter(tape), calls_before=last)
        header = Header.of(record_missing)
        return cls(tape, header, recordings=calls, recorder=recorder, normalise=normalise)

    @property
    def model(self) -> str | None:
        """The name of the recorded client's model, when it has one."""
        return self._header.model

    @property
    def expects_json_schema(self) -> bool:
        """Whether the recorded client asks for a schema."""
        return self._header.expects_json_schema

    def check_ready(self) -> None:
        """Return when calls could be made; a replay always could.

        Raises:
            LLMSetupError: the client that is recorded is not set up.
        """
        if self._recorder is not None:
            self._recorder.check_ready()

    def unused(self) -> tuple[RecordedCall, ...]:
        """Return what was on the tape when it was loaded and was never asked for, oldest first."""
        return self._recordings.unused()

    def assert_all_used(self) -> None:
        """Return when every recorded call was asked for and none was missing.

        Raises:
            CassetteMissError: a call was missing, even if somebody caught the error when it was raised.
            CassetteUnusedError: calls were never asked for.
        """
        if self._first_miss is not None:
            raise self._first_miss
        unused = self.unused()
        if unused:
            numbers = ", ".join(str(call.number) for call in unused)
            raise CassetteUnusedError(
                f"cassette `{self._path}`: {len(unused)} of {len(self._recordings.calls)} calls were "
                f"never asked for: {numbers}. If fewer calls are meant, record the cassette anew."
            )

    # Any: a client may take keywords that no protocol names.
    async def _complete(self, *, messages: Sequence[ChatMessage], **keywords: Any) -> LLMReply:
        self._calls += 1
        number = self._calls
        request = self._reader.read(messages, keywords)
        recorded = self._recordings.take(request.digest)
        if recorded is not None:
            return await play(recorded, keywords)
        if self._recorder is not None:
            return await self._recorder.call(request, messages, keywords)
        miss = CassetteMissError(describe_miss(self._path, number, request, self._recordings))
        self._first_miss = self._first_miss or miss
        raise miss
