"""The text of a document as a JSON value: JSON, or YAML where PyYAML is installed."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, Protocol, cast

from pydantic import JsonValue

from penguiflow.tools._http.operations import DocumentError

MAX_YAML_CHARS: Final = 2_000_000
"""YAML is read about a hundred times slower than JSON."""

_MAX_YAML_DEPTH = 60


class _Yaml(Protocol):
    """What is used of the package `yaml`, which has no types."""

    AliasEvent: type[object]
    SafeLoader: type[object]
    YAMLError: type[Exception]

    def parse(self, stream: str, Loader: type[object]) -> Iterable[object]: ...

    def load(self, stream: str, Loader: type[object]) -> object: ...


def parse_document(text: str) -> JsonValue:
    """Return what a document says.

    Raises:
        DocumentError: it is neither JSON nor YAML, or too deep or too large to be read.
    """
    try:
        value: JsonValue = json.loads(text)
    except RecursionError as error:
        raise DocumentError("the document is nested too deeply", cause=error) from error
    except ValueError as error:
        if text.lstrip()[:1] in ("{", "[", "<", ""):
            raise DocumentError(f"the document is no JSON: {error}", cause=error) from error
        return _parse_yaml(text)
    return value


def _parse_yaml(text: str) -> JsonValue:
    if len(text) > MAX_YAML_CHARS:
        raise DocumentError(
            f"the document is YAML of more than {MAX_YAML_CHARS} characters",
            hint="give the URL of its JSON form",
        )
    yaml = _load_yaml()
    try:
        # An alias repeats a part without a limit to how often: a small document would become a huge one.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise DocumentError("the YAML document uses anchors", hint="give the URL of its JSON form")
        return _plain(yaml.load(text, yaml.SafeLoader), 0)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DocumentError("the document is neither JSON nor YAML", cause=error) from error


def _load_yaml() -> _Yaml:
    try:
        module = importlib.import_module("yaml")
    except ImportError as error:
        raise DocumentError(
            "the document is YAML, and the package `PyYAML` is not installed",
            cause=error,
            hint="give the URL of its JSON form, or pip install PyYAML",
        ) from error
    return cast("_Yaml", module)  # the package has no types


def _plain(value: object, depth: int) -> JsonValue:
    if depth > _MAX_YAML_DEPTH:
        raise ValueError("nested too deeply")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        mapping = cast("Mapping[object, object]", value)  # isinstance leaves the parts unknown
        return {_key(key): _plain(part, depth + 1) for key, part in mapping.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_plain(part, depth + 1) for part in cast("Sequence[object]", value)]
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def _key(key: object) -> str:
    """Return a key as JSON would have it: YAML reads `200:` as a number and `on:` as a truth value."""
    return {True: "on", False: "off"}[key] if isinstance(key, bool) else str(key)
