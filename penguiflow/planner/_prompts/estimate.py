"""How many tokens messages have, near enough for budgets; no tokenizer, so it is the same for every model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_CHARS_PER_TOKEN = 3.5
_CHARS_AROUND_A_MESSAGE = 20


def message_chars(message: Mapping[str, str]) -> int:
    """Return how much a message counts, with what a provider puts around it."""
    return len(message["content"]) + len(message["role"]) + _CHARS_AROUND_A_MESSAGE


def tokens_of_chars(chars: int) -> int:
    """Return the tokens of that many characters."""
    return int(chars / _CHARS_PER_TOKEN)


def chars_of_tokens(tokens: int) -> int:
    """Return the characters that fit into that many tokens."""
    return int(tokens * _CHARS_PER_TOKEN)


def estimated_tokens(messages: Iterable[Mapping[str, str]]) -> int:
    """Return the tokens of messages."""
    return tokens_of_chars(sum(map(message_chars, messages)))
