"""What makes two calls the same: their messages, response format and tools, without secrets and dates."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeAlias

from penguiflow.llm._cassette.canonical import JsonObject, canonical_json, plain_json
from penguiflow.llm.protocol import NativeTools
from penguiflow.redaction import redact, without_marked_arguments

Normalise: TypeAlias = Callable[[str], str]
"""Returns a message's text without what changes from run to run."""

_OPTIONS = ("response_format", "tools")
_MESSAGES_KEPT = 8192
_OPTIONS_KEPT = 64
_DATE = re.compile(
    r"(?<!\d)\d{4}-\d\d-\d\d"
    r"(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)"
)


def mask_dates(text: str) -> str:
    """Return the text with every ISO date, and the time that follows it, replaced by `[date]`."""
    return _DATE.sub("[date]", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call as it is compared and stored.

    `texts` are the messages as canonical JSON, `options` those of `response_format` and `tools` that were
    given. `digest` is the SHA-256 of the canonical JSON of one object with `messages` and the options.
    """

    messages: tuple[JsonObject, ...]
    texts: tuple[str, ...]
    options: JsonObject
    digest: str


class RequestReader:
    """Reads calls; what a conversation sends again with every call is worked on once."""

    def __init__(self, normalise: Normalise | None) -> None:
        self._normalise = normalise
        self._plain = lru_cache(maxsize=_MESSAGES_KEPT)(self._read_plain)

    def read(self, messages: Iterable[Mapping[str, Any]], keywords: Mapping[str, Any]) -> Request:
        """Return the call with these messages and further keywords of `complete`."""
        read = [self._read_message(message) for message in messages]
        options = {
            name: _read_option(canonical_json(self._without_day(keywords[name])))
            for name in _OPTIONS
            if keywords.get(name) is not None
        }
        texts = tuple([text for _, text in read])
        body = f'{{"messages":[{",".join(texts)}]' + "".join(
            f',"{name}":{text}' for name, (_, text) in options.items()
        )
        return Request(
            messages=tuple([message for message, _ in read]),
            texts=texts,
            options={name: value for name, (value, _) in options.items()},
            digest=sha256(f"{body}}}".encode()).hexdigest(),
        )

    def _read_message(self, message: Mapping[str, Any]) -> tuple[JsonObject, str]:
        if len(message) == 2:
            role, content = message.get("role"), message.get("content")
            if isinstance(role, str) and isinstance(content, str):
                return self._plain(role, content)
        return self._read(message)

    def _read_plain(self, role: str, content: str) -> tuple[JsonObject, str]:
        return self._read({"role": role, "content": content})

    def _read(self, message: Mapping[str, Any]) -> tuple[JsonObject, str]:
        content = message.get("content")
        if isinstance(content, str):
            plain = self._without_changes(message.get("role"), content)
            message = {**message, "content": without_marked_arguments(plain)}
        return _redacted(plain_json(message))

    def _without_day(self, option: object) -> object:
        if isinstance(option, NativeTools):
            return replace(option, system=self._without_changes("system", option.system))
        return option

    def _without_changes(self, role: object, text: str) -> str:
        if self._normalise is not None:
            return self._normalise(text)
        return mask_dates(text) if role == "system" else text


@lru_cache(maxsize=_OPTIONS_KEPT)
def _read_option(text: str) -> tuple[Any, str]:  # any JSON
    return _redacted(json.loads(text))


def _redacted(value: object) -> tuple[Any, str]:  # any JSON
    """Return the value without secrets, and its text. Last, so that no `normalise` brings a secret back."""
    clean = redact(value)
    return clean, canonical_json(clean)
