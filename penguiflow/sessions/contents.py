"""Large texts of a session: what an event keeps of them, and the whole, which is written beside the history.

An event with a prompt or a long result only holds refs and a preview. The whole text is made plain and freed
of secrets where it is written, off the event loop, because that takes a while for a megabyte.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from penguiflow.llm.protocol import ChatMessage
from penguiflow.planner.events import ModelExchange
from penguiflow.redaction import redact
from penguiflow.sessions.json_parts import Json
from penguiflow.sessions.plain_json import plain_json
from penguiflow.state.contents import NAMESPACE, Content
from penguiflow.state.events import ContentRef, EventBody, ModelCalled, ToolFinished

MAX_INLINE_CHARS = 8_000
"""A reply or a result up to this length stands in its event."""

PREVIEW_CHARS = 2_000
MAX_CONTENT_CHARS = 1_000_000
_MAX_KNOWN = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RawContent:
    """A text, or any JSON, on its way to the store."""

    content_id: str
    value: Json
    chars: int

    def ref(self, *, role: str | None = None) -> ContentRef:
        """Return what the event keeps."""
        return ContentRef(
            content_id=self.content_id,
            chars=self.chars,
            role=role,
            form="text" if isinstance(self.value, str) else "json",
        )

    def content(self, session_id: str) -> Content:
        """Return the text as it may be stored: plain, without secrets, and of a bounded size."""
        plain: object = plain_json(self.value, max_chars=MAX_CONTENT_CHARS)
        clean: object = redact(plain)
        text = clean if isinstance(clean, str) else _json_text(clean)
        return Content(session_id=session_id, content_id=self.content_id, text=text)


class Contents:
    """Names the large texts of one session. The same text has the same name and is handed on once."""

    def __init__(self) -> None:
        # Keyed, because the digest of a text with a secret in it would let the secret be guessed.
        self._key = secrets.token_bytes(32)
        self._known: dict[str, None] = {}
        self._last_options: tuple[ModelExchange, RawContent | None] | None = None
        self._last_prompt: Sequence[tuple[ChatMessage, ContentRef]] = ()

    def lighten(
        self, body: EventBody, exchange: ModelExchange | None
    ) -> tuple[EventBody, tuple[RawContent, ...]]:
        """Return the body with refs in the place of large texts, and those that are not on their way yet."""
        if isinstance(body, ModelCalled) and exchange is not None:
            return self._with_exchange(body, exchange)
        if isinstance(body, ToolFinished) and body.result_chars > MAX_INLINE_CHARS:
            raw = self._raw(body.result)
            preview = plain_json(body.result, max_chars=PREVIEW_CHARS)
            return replace(body, result=preview, content=raw.ref()), self._new(raw)
        return body, ()

    def keep(self, value: Json) -> tuple[ContentRef, tuple[RawContent, ...]]:
        """Return what stands for any JSON, and the text unless it is on its way already."""
        raw = self._raw(value)
        return raw.ref(), self._new(raw)

    def _with_exchange(
        self, body: ModelCalled, exchange: ModelExchange
    ) -> tuple[EventBody, tuple[RawContent, ...]]:
        messages, texts = self._prompt(exchange.messages)
        options = self._options(exchange)
        reply = exchange.reply or ""
        whole_reply = self._raw(reply) if len(reply) > MAX_INLINE_CHARS else None
        if whole_reply is not None:
            reply = plain_json(reply, max_chars=PREVIEW_CHARS)
        light = replace(
            body,
            messages=messages,
            options=options.ref() if options else None,
            reply=reply,
            reply_content=whole_reply.ref() if whole_reply else None,
        )
        return light, self._new(*texts, options, whole_reply)

    def _prompt(self, messages: Sequence[ChatMessage]) -> tuple[tuple[ContentRef, ...], list[RawContent]]:
        """Return the refs of a prompt, and the texts of its messages that the last one did not begin with."""
        refs: list[ContentRef] = []
        texts: list[RawContent] = []
        for place, message in enumerate(messages):
            # A conversation grows at its end; hashing all of it at every step would cost more than the step.
            if place < len(self._last_prompt) and self._last_prompt[place][0] is message:
                refs.append(self._last_prompt[place][1])
            else:
                texts.append(raw := self._message(message))
                refs.append(raw.ref(role=str(message.get("role"))))
        self._last_prompt = tuple(zip(messages, refs, strict=True))
        return tuple(refs), texts

    def _message(self, message: Mapping[str, Any]) -> RawContent:  # a message in the form of its client
        content = message.get("content")
        return self._raw(content if len(message) == 2 and isinstance(content, str) else dict(message))

    def _options(self, exchange: ModelExchange) -> RawContent | None:
        if self._last_options is not None:
            last, options = self._last_options
            if last.tools is exchange.tools and last.response_format is exchange.response_format:
                return options
        given: dict[str, Json] = {}
        if exchange.response_format is not None:
            given["response_format"] = dict(exchange.response_format)
        if exchange.tools is not None:
            given["tools"] = asdict(exchange.tools)
        options = self._raw(given) if given else None
        self._last_options = (exchange, options)
        return options

    def _raw(self, value: Json) -> RawContent:
        form, text = ("text", value) if isinstance(value, str) else ("json", _json_text(value))
        digest = hashlib.blake2b(
            text.encode("utf-8", "surrogatepass"), key=self._key, person=form.encode(), digest_size=16
        )
        return RawContent(content_id=f"{NAMESPACE}_{digest.hexdigest()}", value=value, chars=len(text))

    def _new(self, *texts: RawContent | None) -> tuple[RawContent, ...]:
        new = {raw.content_id: raw for raw in texts if raw is not None and raw.content_id not in self._known}
        self._known.update(dict.fromkeys(new))
        while len(self._known) > _MAX_KNOWN:
            del self._known[next(iter(self._known))]
        return tuple(new.values())


def _json_text(value: Json) -> str:
    return json.dumps(value, sort_keys=True, default=str)
