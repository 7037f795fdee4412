"""Chunks of streamed text and their envelopes, built for the speed of a token stream."""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any, Final

from penguiflow._envelope import new_instance, set_extra, set_fields_set, set_private, set_values
from penguiflow.types import Message, StreamChunk

_CHUNK_FIELDS: Final = set(StreamChunk.model_fields)
_MESSAGE_FIELDS: Final = set(Message.model_fields)


def refuse_wrong_types(
    stream_id: str,
    text: str,
    done: bool,
    meta: Mapping[str, Any] | None,  # free-form by contract
) -> None:
    """Check what a caller wants to stream, before anything is reserved or numbered for it.

    A chunk of a stream is not worth the time if its values have exactly the declared types; so this is
    asked only where that is not plain.

    Raises:
        ValidationError: a value has not the type that `StreamChunk` declares.
    """
    StreamChunk.model_validate(
        {"stream_id": stream_id, "seq": 0, "text": text, "done": done, "meta": meta or {}}, strict=True
    )


def chunk_message(
    parent: Message,
    stream_id: str,
    seq: int,
    text: str,
    done: bool,
    meta: Mapping[str, Any] | None,  # free-form by contract
) -> Message:
    """Build a chunk of values that were checked before, in an envelope of its own.

    The envelope has the headers, trace, deadline and a copy of the meta of `parent`.
    """
    own_meta = dict(meta) if meta else {}
    chunk = new_instance(StreamChunk)
    set_values(chunk, {"stream_id": stream_id, "seq": seq, "text": text, "done": done, "meta": own_meta})
    set_fields_set(chunk, _CHUNK_FIELDS)
    set_extra(chunk, None)
    set_private(chunk, None)
    given = parent.__dict__  # an attribute of a model costs a lookup each
    message = new_instance(Message)
    set_values(
        message,
        {
            "payload": chunk,
            "headers": given["headers"],
            "trace_id": given["trace_id"],
            "ts": time(),
            "deadline_s": given["deadline_s"],
            "meta": given["meta"].copy(),
        },
    )
    set_fields_set(message, _MESSAGE_FIELDS)
    set_extra(message, None)
    set_private(message, None)
    return message
