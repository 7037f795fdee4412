"""`${NAME}` in call templates, replaced by what the config gives under `env`, and by nothing else. Pure.

UTCP's own substitution also looks into the environment of the process, which is how a manual from the
network could ask for the secrets in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from penguiflow.tools.errors import ToolAuthError

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """The values one service gives to its manual."""

    owner: str
    values: Mapping[str, str] = field(repr=False)

    def get(self, name: str) -> str | None:
        """Return the value for `NAME`, or for `manual_NAME` as UTCP spells variables of one manual."""
        manual = re.sub(r"\W", "_", self.owner).replace("_", "__")
        return self.values.get(f"{manual}_{name}", self.values.get(name))

    def fill(self, reference: re.Match[str]) -> str:
        """Return what stands for a match of `REFERENCE`.

        A `$name` that is no variable stays: URLs have such parameters (`$filter`).

        Raises:
            ToolAuthError: there is no value for `${NAME}`.
        """
        braced, bare = reference.group(1), reference.group(2)
        value = self.get(braced or bare)
        if value is not None:
            return value
        if braced is None:
            return reference.group()
        raise ToolAuthError(
            f"the manual of `{self.owner}` needs the variable `{braced}`, which is not set",
            hint=f"give `{braced}` a value under `env` of the connection",
        )

    def replaced_in(self, text: str) -> str:
        """Return the text with its variables replaced.

        Raises:
            ToolAuthError: as `fill`.
        """
        return REFERENCE.sub(self.fill, text)


def with_variables(value: JsonValue, variables: Variables) -> JsonValue:
    """Return a copy with the variables replaced in every text that is no key.

    Raises:
        ToolAuthError: a variable has no value.
    """
    match value:
        case str():
            return variables.replaced_in(value)
        case list():
            return [with_variables(item, variables) for item in value]
        case dict():
            return {key: with_variables(item, variables) for key, item in value.items()}
        case _:
            return value
