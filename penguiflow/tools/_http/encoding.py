"""Values of arguments as text of a URL or a header, by the styles of OpenAPI. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, cast
from urllib.parse import quote

from penguiflow.safe_text import safe_line
from penguiflow.tools._http.operations import Parameter
from penguiflow.tools.errors import ToolClientError

_RESERVED: Final = ":/?#[]@!$&'()*+,;="
_SEPARATORS = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "|"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What separates cookies, or would end the header.
_NOT_IN_COOKIES = re.compile(r"[\s;,\"\\]")


class ArgumentRefusedError(ToolClientError):
    """An argument cannot be sent as the service wants it. Nothing was sent."""


def path_text(parameter: Parameter, value: object) -> str:
    """Return what stands in the path: one segment, whatever the value holds.

    Raises:
        ArgumentRefusedError: the value is empty, or would lead to another path.
    """
    if value is None or value in ("", [], {}):
        raise _refused(parameter, "is empty, and its place in the path may not be")
    text = _path_text(parameter, value)
    decoded = ",".join(_texts(value)) if not isinstance(value, Mapping) else ""
    if any(part in (".", "..") for part in re.split(r"[/\\]", decoded)) or text in (".", ".."):
        raise _refused(parameter, "would lead to another path")
    return text


def query_pairs(parameter: Parameter, value: object) -> list[str]:
    """Return the `name=value` parts of the query, encoded; none for `null` and for empty lists."""
    name = quote(parameter.name, safe="")
    if value is None:
        return []
    if parameter.as_json:
        return [f"{name}={quote(json.dumps(value), safe='')}"]
    safe = _RESERVED.replace("#", "").replace("&", "") if parameter.allow_reserved else ""
    if isinstance(value, Mapping):
        return _object_pairs(parameter, name, cast("Mapping[str, object]", value), safe)
    texts = [quote(text, safe=safe) for text in _texts(value)]
    if not _is_list(value) or parameter.explode:
        return [f"{name}={text}" for text in texts]
    separator = _SEPARATORS.get(parameter.style, ",")
    return [f"{name}={separator.join(texts)}"] if texts else []


def header_text(parameter: Parameter, value: object) -> str:
    """Return the value of a header.

    Raises:
        ArgumentRefusedError: it holds what would end the header, or is no ASCII.
    """
    if parameter.as_json:
        return json.dumps(value)
    sign = "=" if parameter.explode else ","
    text = (
        ",".join(f"{key}{sign}{part}" for key, part in _members(cast("Mapping[str, object]", value)))
        if isinstance(value, Mapping)
        else ",".join(_texts(value))
    )
    if _CONTROL.search(text) or not text.isascii():
        raise _refused(parameter, "holds characters that a header cannot carry")
    return text.strip()


def cookie_text(parameter: Parameter, value: object) -> str:
    """Return `name=value` of a cookie.

    Raises:
        ArgumentRefusedError: it holds what would end the cookie.
    """
    text = json.dumps(value) if parameter.as_json else ",".join(_texts(value))
    text = quote(text, safe="!#$%&'()*+-./:<=>?@[]^_`{|}~") if not text.isascii() or "," in text else text
    if _NOT_IN_COOKIES.search(text) or _CONTROL.search(text):
        raise _refused(parameter, "holds characters that a cookie cannot carry")
    return f"{parameter.name}={text}"


def primitive_text(value: object) -> str:
    """Return one value as text: as JSON where it is no string, without the quotes of one."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _path_text(parameter: Parameter, value: object) -> str:
    prefix, separator = {"label": (".", "."), "matrix": (";", ",")}.get(parameter.style, ("", ","))
    name = quote(parameter.name, safe="")
    if parameter.style == "label" and not parameter.explode:
        separator = ","
    if isinstance(value, Mapping):
        members = _members(cast("Mapping[str, object]", value))
        pairs = [(quote(key, safe=""), quote(part, safe="")) for key, part in members]
        if parameter.explode:
            return prefix + (prefix or ",").join(f"{key}={part}" for key, part in pairs)
        joined = separator.join(f"{key},{part}" for key, part in pairs)
    else:
        texts = [quote(text, safe="") for text in _texts(value)]
        if parameter.style == "matrix" and parameter.explode:
            return "".join(f";{name}={text}" for text in texts)
        joined = separator.join(texts)
    return f";{name}={joined}" if parameter.style == "matrix" else prefix + joined


def _object_pairs(parameter: Parameter, name: str, value: Mapping[str, object], safe: str) -> list[str]:
    if parameter.style == "deepObject":
        return [
            f"{name}{quote(path, safe='')}={quote(text, safe=safe)}"
            for path, text in _deep_members(value, "")
        ]
    pairs = [(quote(key, safe=""), quote(text, safe=safe)) for key, text in _members(value)]
    if parameter.explode:
        return [f"{key}={text}" for key, text in pairs]
    separator = _SEPARATORS.get(parameter.style, ",")
    joined = separator.join(f"{key}{separator}{text}" for key, text in pairs)
    return [f"{name}={joined}"] if pairs else []


def _deep_members(value: Mapping[str, object], path: str) -> list[tuple[str, str]]:
    members: list[tuple[str, str]] = []
    for key, part in value.items():
        inner = f"{path}[{key}]"
        if isinstance(part, Mapping):
            members += _deep_members(cast("Mapping[str, object]", part), inner)
        elif part is not None:
            members += [(inner, text) for text in _texts(part)]
    return members


def _members(value: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(str(key), primitive_text(part)) for key, part in value.items() if part is not None]


def _texts(value: object) -> list[str]:
    if _is_list(value):
        return [primitive_text(part) for part in cast("Sequence[object]", value)]
    return [primitive_text(value)]


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _refused(parameter: Parameter, why: str) -> ArgumentRefusedError:
    return ArgumentRefusedError(
        f"the argument `{safe_line(parameter.argument, max_chars=100)}` {why}",
        hint="give another value",
    )
