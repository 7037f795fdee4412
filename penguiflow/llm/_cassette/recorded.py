"""What a cassette keeps of a call: the request, what was streamed, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from penguiflow.llm import errors
from penguiflow.llm._cassette.canonical import JsonObject, plain_json
from penguiflow.llm.errors import LLMError
from penguiflow.llm.usage import LLMReply
from penguiflow.redaction import redact, redact_text, without_marked_arguments

Channel: TypeAlias = Literal["text", "reasoning"]

_ERROR_CLASSES = {
    kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LLMError)
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a stream, as its callback got it."""

    channel: Channel
    text: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedError:
    """An `LLMError`; one of a class of your own is kept as the class in `penguiflow.llm.errors` above it."""

    code: str
    message: str
    hint: str | None = None

    @classmethod
    def of(cls, exc: LLMError) -> RecordedError:
        """Return what is kept of the exception, without secrets."""
        known = (kind for kind in _ERROR_CLASSES.values() if isinstance(exc, kind))
        code = max(known, key=lambda kind: len(kind.__mro__)).code  # the most specific one
        hint = None if exc.hint is None else redact_text(exc.hint)
        return cls(code=code, message=redact_text(exc.message), hint=hint)

    def is_known(self) -> bool:
        """Return whether there is a class with this code."""
        return self.code in _ERROR_CLASSES

    def exception(self) -> LLMError:
        """Return a new exception of the recorded class."""
        return _ERROR_CLASSES[self.code](self.message, hint=self.hint)


Outcome: TypeAlias = LLMReply | RecordedError


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call. Calls are numbered from 1 in the order in which they began.

    `request` is the SHA-256 of messages and options; they stand here as they were compared: without secrets
    and without what changes from run to run.
    """

    number: int
    request: str
    messages: tuple[JsonObject, ...]
    options: JsonObject
    chunks: tuple[Chunk, ...] = ()
    outcome: Outcome


def reply_record(reply: LLMReply) -> JsonObject:
    """Return every field of the reply as JSON, without secrets."""
    plain: JsonObject = plain_json(reply)
    record: JsonObject = redact({**plain, "text": without_marked_arguments(reply.text)})
    return record


def redacted_chunks(chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
    """Return the pieces without secrets, also without one that is spread over several pieces."""
    for channel in ("text", "reasoning"):
        chunks = _redacted_channel(chunks, channel)
    return chunks


def _redacted_channel(chunks: tuple[Chunk, ...], channel: Channel) -> tuple[Chunk, ...]:
    own = [at for at, chunk in enumerate(chunks) if chunk.channel == channel and chunk.text]
    whole = "".join(chunks[at].text for at in own)
    rest = redact_text(without_marked_arguments(whole))
    if rest == whole:
        return chunks
    result = list(chunks)
    for at in own:
        length = len(rest) if at == own[-1] else len(chunks[at].text)
        result[at] = Chunk(channel, rest[:length], chunks[at].done)
        rest = rest[length:]
    return tuple(result)
