"""Walking JSON values and taking the secrets out of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, overload

from penguiflow._redaction.calls import MARKED_TOOLS
from penguiflow._redaction.forms import is_secret_key, without_secret_forms
from penguiflow._redaction.known import KNOWN_SECRETS
from penguiflow._redaction.placeholders import REDACTED, TOO_DEEP

_Json: TypeAlias = "bool | float | str | Mapping[str, _Json] | list[_Json] | tuple[_Json, ...] | None"

_MAX_DEPTH = 100
_LARGEST_LOOKED_AT = 10**40  # Python refuses to write out numbers of thousands of digits

# fmt: off
_SCHEMA_KEYWORDS = frozenset({
    "$ref", "additionalProperties", "allOf", "anyOf", "default", "description", "format", "items",
    "maxLength", "minLength", "oneOf", "pattern", "properties", "required", "title", "type", "writeOnly",
})
# fmt: on


@overload
def redact(value: Mapping[str, Any]) -> dict[str, Any]: ...
@overload
def redact(value: str) -> str: ...
@overload
def redact(value: Any) -> Any: ...
def redact(value: Any) -> Any:  # any JSON value; what comes back has the same shape
    """Return a copy of a JSON value without secrets; `value` itself is never changed."""
    return _redact(value, secret=False, depth=0)


def redact_text(text: str) -> str:
    """Return `text` with every registered secret, and all that has the form of one, replaced."""
    return without_secret_forms(KNOWN_SECRETS.hide(text))


@overload
def without_known_secrets(value: str, shown: str = REDACTED) -> str: ...
@overload
def without_known_secrets(value: dict[str, Any], shown: str = REDACTED) -> dict[str, Any]: ...
@overload
def without_known_secrets(value: Any, shown: str = REDACTED) -> Any: ...
def without_known_secrets(value: Any, shown: str = REDACTED) -> Any:  # as for `redact`
    """Return a copy of a JSON value with `shown` in the place of registered secrets alone.

    For what a program reads again: names and forms that only look like secrets stay.
    """
    return _without_known(value, shown, depth=0)


def _redact(value: _Json, *, secret: bool, depth: int) -> _Json:
    if isinstance(value, str):
        return REDACTED if secret and value else redact_text(value)
    if value is None or isinstance(value, bool):
        return value
    if depth >= _MAX_DEPTH and isinstance(value, Mapping | list | tuple):
        return TOO_DEEP
    if isinstance(value, Mapping):
        if "args" in value:
            value = MARKED_TOOLS.hide_in_call(value)
        # The schema of a field called `password` describes the field and holds no password.
        secret = secret and not value.keys() <= _SCHEMA_KEYWORDS
        return {
            redact_text(key): _redact(item, secret=secret or is_secret_key(key), depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redact(item, secret=secret, depth=depth + 1) for item in value]
    return REDACTED if secret else _without_known_number(value, REDACTED)


def _without_known(value: _Json, shown: str, depth: int) -> _Json:
    if isinstance(value, str):
        return KNOWN_SECRETS.hide(value, shown)
    if value is None or isinstance(value, bool):
        return value
    if depth >= _MAX_DEPTH and isinstance(value, Mapping | list | tuple):
        return TOO_DEEP
    if isinstance(value, Mapping):
        return {
            KNOWN_SECRETS.hide(key, shown): _without_known(item, shown, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_without_known(item, shown, depth + 1) for item in value]
    if isinstance(value, tuple):
        return tuple(_without_known(item, shown, depth + 1) for item in value)
    return _without_known_number(value, shown)


def _without_known_number(value: float, shown: str) -> float | str:
    # What is no JSON after all is left to whoever writes it out.
    if not KNOWN_SECRETS.knows_numbers or not isinstance(value, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
        return value
    if not abs(value) < _LARGEST_LOOKED_AT:
        return value
    text = str(value)
    return value if KNOWN_SECRETS.hide(text, shown) == text else shown
