"""Telling base64 of a file from text. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from types import MappingProxyType

from penguiflow.tools.config import DEFAULT_BINARY_SIGNATURES, BinaryDetectionConfig

_MAGIC: Mapping[str, bytes] = MappingProxyType(
    {
        "pdf": b"%PDF",
        "png": b"\x89PNG",
        "jpeg": b"\xff\xd8\xff",
        "gif": b"GIF8",
        "zip": b"PK\x03\x04",
    }
)
_EMPTY_ZIP = b"PK\x05\x06"
_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def decoded(text: str) -> bytes | None:
    """Return what a text is the base64 of, also when its lines are broken; None if it is none."""
    try:
        return base64.b64decode(text.translate(_WITHOUT_LINE_BREAKS), validate=True)
    except (binascii.Error, ValueError):
        return None


def detected(text: str, config: BinaryDetectionConfig) -> tuple[bytes, str] | None:
    """Return the bytes and the MIME type if a text looks like base64 of a file, and is."""
    if not config.enabled or len(text) < config.min_size_for_detection:
        return None
    for prefix, (extension, mime_type) in config.signatures.items():
        if text.startswith(prefix):
            data = decoded(text) if len(text) * 3 // 4 - 2 <= config.max_decode_bytes else None
            if data is None or len(data) > config.max_decode_bytes:
                return None
            fits = not config.require_magic_bytes or _begins_as(extension, data)
            return (data, mime_type) if fits else None
    return None


def mime_type_of(data: bytes) -> str:
    """Return the MIME type of bytes by how they begin."""
    for extension, mime_type in DEFAULT_BINARY_SIGNATURES.values():
        if extension in _MAGIC and _begins_as(extension, data):
            return mime_type
    return "application/octet-stream"


def is_object_id(text: str) -> bool:
    """Whether a text is the hash by which git names a blob: valid base64, and not meant as such."""
    return _OBJECT_ID.fullmatch(text) is not None


def _begins_as(extension: str, data: bytes) -> bool:
    if extension == "zip" and data.startswith(_EMPTY_ZIP):
        return True
    return data.startswith(_MAGIC.get(extension, b""))


_WITHOUT_LINE_BREAKS = str.maketrans("", "", "\r\n")
