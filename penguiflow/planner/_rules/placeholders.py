"""Values that stand for a value nobody gave: found in arguments, and refused where the tool says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from penguiflow.planner._json import Json, is_list, is_object
from penguiflow.planner._parse.answer import AUTO_PLACEHOLDER

_ALWAYS = frozenset({AUTO_PLACEHOLDER})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceholderRule:
    """Which texts are placeholders, whether they refuse the call, and whether they are told of otherwise."""

    texts: frozenset[str] = field(default=_ALWAYS)
    rejects: bool = False
    tells: bool = True

    def found_in(self, args: Mapping[str, Json]) -> Mapping[str, str]:
        """Return the placeholders by their paths, such as `query` or `filters.0.name`."""
        return {path: text for path, text in _texts(dict(args), "") if text in self.texts}


_DEFAULT = PlaceholderRule()


def placeholder_rule(arg_validation: object) -> PlaceholderRule:
    """Read a tool's `arg_validation`: a mapping, or true for refusing the placeholders known anyway."""
    if arg_validation is True:
        return PlaceholderRule(rejects=True)
    if not is_object(arg_validation):
        return _DEFAULT
    return PlaceholderRule(
        texts=_ALWAYS | {str(text) for text in arg_validation.get("placeholders") or ()},
        rejects=bool(arg_validation.get("reject_placeholders")),
        tells=bool(arg_validation.get("emit_suspect", True)),
    )


def _texts(value: Json, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value.strip()
        return
    children = value.items() if is_object(value) else enumerate(value) if is_list(value) else ()
    for key, child in children:
        yield from _texts(child, f"{path}.{key}" if path else str(key))
