"""Arguments of a tool as the body of a request. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import quote_plus

from penguiflow.safe_text import safe_line
from penguiflow.tools._http.encoding import ArgumentRefusedError, primitive_text
from penguiflow.tools._http.operations import Body


def encode_body(body: Body | None, rest: dict[str, object]) -> tuple[bytes | None, str | None]:
    """Return the body and its content type, taking its arguments out of `rest`; None when there is none.

    Raises:
        ArgumentRefusedError: an argument cannot be sent in such a body.
    """
    if body is None:
        return None, None
    if body.whole is not None:
        if body.whole not in rest:
            return None, None
        return _encode(body, rest.pop(body.whole))
    given = [argument for argument in rest if body.takes_more or argument in body.fields]
    if not given:
        return _encode(body, {}) if body.required else (None, None)
    return _encode(body, {body.fields.get(argument, argument): rest.pop(argument) for argument in given})


def _encode(body: Body, value: object) -> tuple[bytes, str]:
    match body.kind:
        case "json":
            media_type = "application/json" if body.media_type == "*/*" else body.media_type
            return _json(value), media_type
        case "form":
            return _form(_as_fields(value)), body.media_type
        case "multipart":
            return _multipart(_as_fields(value), body.packed)
        case "text":
            return primitive_text(value).encode(), body.media_type
        case "bytes":
            return _unpacked("body", value), body.media_type


def _json(value: object) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError) as error:
        raise ArgumentRefusedError(f"the arguments are no JSON: {error}", cause=error) from error


def _as_fields(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ArgumentRefusedError("the body has to be an object", hint="give its fields by name")
    return cast("Mapping[str, object]", value)  # its keys come from JSON


def _form(fields: Mapping[str, object]) -> bytes:
    pairs = [f"{quote_plus(name)}={quote_plus(text)}" for name, text in _field_texts(fields)]
    return "&".join(pairs).encode()


def _multipart(fields: Mapping[str, object], packed: frozenset[str]) -> tuple[bytes, str]:
    parts: list[bytes] = []
    for name, value in fields.items():
        if name in packed and value is not None:
            shown = _quoted(name)
            head = f'form-data; name="{shown}"; filename="{shown}"\r\nContent-Type: application/octet-stream'
            parts.append(f"Content-Disposition: {head}\r\n\r\n".encode() + _unpacked(name, value))
            continue
        parts += [
            f'Content-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{text}'.encode()
            for _, text in _field_texts({name: value})
        ]
    # A digest of the parts cannot stand in the parts.
    boundary = hashlib.sha256(b"".join(parts)).hexdigest()
    lines = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return lines + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _field_texts(fields: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return names and texts of a form; a list gives its name once per element, `null` gives nothing."""
    texts: list[tuple[str, str]] = []
    for name, value in fields.items():
        texts += [(name, primitive_text(one)) for one in _values_of(value) if one is not None]
    return texts


def _values_of(value: object) -> Sequence[object]:
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return cast("Sequence[object]", value)  # isinstance leaves the elements unknown
    return [value]


def _unpacked(name: str, value: object) -> bytes:
    try:
        return base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ArgumentRefusedError(
            f"the argument `{safe_line(name, max_chars=100)}` is not base64",
            cause=error,
            hint="bytes are given as base64 text",
        ) from error


def _quoted(name: str) -> str:
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
