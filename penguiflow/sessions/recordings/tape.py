"""Writing the model calls of a stored run as a cassette."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from penguiflow.llm import errors as llm_errors
from penguiflow.llm.cassette import CassetteClient
from penguiflow.llm.errors import LLMError
from penguiflow.llm.protocol import ChatMessage, NativeTools, OnStreamChunk, ToolDescription
from penguiflow.llm.usage import LLMReply, TokenUsage
from penguiflow.sessions.recordings.errors import NotRecordableError
from penguiflow.state.events import ContentRef, ModelCalled
from penguiflow.state.protocol import HistoryStore


async def write_tape(store: HistoryStore, run_id: str, path: Path, *, overwrite: bool = False) -> int:
    """Write a cassette with which `penguiflow.llm.cassette` replays the run; return how many calls it has.

    Raises:
        NotRecordableError: the history does not hold the prompts, or no model was asked.
        CassetteFileError: the file exists and `overwrite` is not set, or cannot be written.
        StoreError: the store cannot be read.
    """
    events = await store.load_run(run_id)
    calls = [event.body for event in events if isinstance(event.body, ModelCalled)]
    if not calls:
        raise NotRecordableError(f"run `{run_id}` asked no model")
    texts = _Texts(store, events[0].session_id)
    past = [await _past_call(call, texts) for call in calls]
    # Replayed, the client must take what the recorded one took: a prompt with tools is another prompt.
    takes_tools = any("tools" in options for _, options, _ in past)
    client = (_PastWithTools if takes_tools else _Past)(past, model=calls[0].model)
    tape = CassetteClient.record(client, path, overwrite=overwrite)
    for messages, options, _ in past:
        try:
            await tape.complete(messages=messages, **options)
        except LLMError:
            continue  # the failure is on the tape now
    return len(past)


_PastCall = tuple[Sequence[ChatMessage], Mapping[str, Any], LLMReply | LLMError]


class _Past:
    """A client that answers what was answered, in order."""

    def __init__(self, calls: Sequence[_PastCall], *, model: str | None) -> None:
        self.model = model
        self._outcomes = iter([outcome for _, _, outcome in calls])

    async def complete(
        self,
        *,
        messages: Sequence[ChatMessage],
        response_format: Mapping[str, Any] | None = None,
        stream: bool = False,
        on_stream_chunk: OnStreamChunk | None = None,
    ) -> LLMReply:
        return self._next()

    def _next(self) -> LLMReply:
        outcome = next(self._outcomes)
        if isinstance(outcome, LLMError):
            raise outcome
        return outcome


class _PastWithTools(_Past):
    """One that calls tools natively."""

    async def complete(
        self,
        *,
        messages: Sequence[ChatMessage],
        response_format: Mapping[str, Any] | None = None,
        stream: bool = False,
        on_stream_chunk: OnStreamChunk | None = None,
        tools: NativeTools | None = None,
    ) -> LLMReply:
        return self._next()


class _Texts:
    """Reads the prompts of one session; a message that is sent again with every call is read once."""

    def __init__(self, store: HistoryStore, session_id: str) -> None:
        self._store = store
        self._session_id = session_id
        self._read: dict[str, str] = {}

    async def text(self, ref: ContentRef) -> str:
        if ref.content_id not in self._read:
            text = await self._store.load_content(self._session_id, ref.content_id)
            if text is None:
                raise NotRecordableError(
                    f"the history of session `{self._session_id}` lacks a part of a prompt "
                    f"(`{ref.content_id}`)"
                )
            self._read[ref.content_id] = text
        return self._read[ref.content_id]


async def _past_call(call: ModelCalled, texts: _Texts) -> _PastCall:
    if not call.messages:
        raise NotRecordableError(
            "the history does not hold the prompts of this run: it was recorded by an earlier version",
            hint="run it again, then take the new run",
        )
    messages = [_message(ref, await texts.text(ref)) for ref in call.messages]
    options = _options(json.loads(await texts.text(call.options))) if call.options else {}
    return messages, options, await _outcome(call, texts)


def _message(ref: ContentRef, text: str) -> ChatMessage:
    return {"role": ref.role or "user", "content": text} if ref.form == "text" else json.loads(text)


def _options(recorded: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if (response_format := recorded.get("response_format")) is not None:
        options["response_format"] = response_format
    if (tools := recorded.get("tools")) is not None:
        offered = [ToolDescription(**each) for each in tools["tools"]]
        options["tools"] = NativeTools(system=tools["system"], tools=offered)
    return options


async def _outcome(call: ModelCalled, texts: _Texts) -> LLMReply | LLMError:
    if call.error is not None:
        return _error(call.error)
    return LLMReply(
        text=await texts.text(call.reply_content) if call.reply_content else call.reply,
        model=call.model,
        cost_usd=call.cost_usd,
        usage=_usage(call),
    )


def _usage(call: ModelCalled) -> TokenUsage | None:
    if call.input_tokens is None or call.output_tokens is None:
        return None
    return TokenUsage(
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cached_tokens=call.cached_tokens or 0,
        reasoning_tokens=call.reasoning_tokens or 0,
    )


def _error(told: str) -> LLMError:
    """Return the error whose class and message the history tells."""
    name, _, message = told.partition(": ")
    kind = getattr(llm_errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, LLMError)):
        raise NotRecordableError(f"a call of the model ended with `{told}`, which no replay can raise again")
    return kind(message)
