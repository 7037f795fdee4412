"""The words of a command, with the arguments of a call in them. Pure; `running` runs them.

A command is split into words as a shell would split it, before anything is put into them, and no shell ever
sees it: whatever an argument holds stays part of one word. What only a shell could do is refused when the
manual is read. A script that needs a shell names it and takes its arguments by position:
`sh -c 'grep "$1" log | head' _ UTCP_ARG_word_UTCP_END`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import PurePath

from penguiflow.safe_text import safe_line
from penguiflow.tools._utcp.calls import CommandCall, TemplateError
from penguiflow.tools._utcp.variables import REFERENCE, Variables
from penguiflow.tools.errors import ToolClientError

_ARGUMENT = re.compile(r"UTCP_ARG_([A-Za-z0-9_]+?)_UTCP_END")
_OUTPUT = re.compile(r"\$\{?CMD_(\d+)_OUTPUT\}?")
_ANY = re.compile(f"{_ARGUMENT.pattern}|{_OUTPUT.pattern}|{REFERENCE.pattern}")

_PROTECTED = re.compile(r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_SINGLE_QUOTED = re.compile(r"\\.|'[^']*'", re.DOTALL)
_OPERATORS = re.compile(r"[|&;<>()\n]")
_SUBSTITUTION = re.compile(r"\$\(|`")

# Programs that take a piece of a program as an argument, and how they are told that it follows.
_INTERPRETERS = re.compile(
    r"(?:ba|da|z|k|a|fi|c|tc)?sh|cmd|powershell|pwsh|python[\d.]*|perl|ruby|node|deno|bun|php|lua|awk|gawk"
)
_CODE_OPTION = re.compile(r"-[A-Za-z]*[cerE]|/[cCkK]|--(?:eval|command|print)|-(?i:command)")
_AWKS = frozenset({"awk", "gawk"})
_JOINING = frozenset({"ssh", "watch"})  # give all their words to a shell


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What is put into the words of a command; `enumerated` are values that the tool's schema lists."""

    arguments: Mapping[str, object] = field(repr=False)
    outputs: Sequence[str] = ()
    variables: Variables
    enumerated: Mapping[str, Set[str]] = field(default_factory=dict[str, Set[str]])


def words_of(command: str) -> list[str]:
    """Return the words of a command, not yet filled.

    Raises:
        TemplateError: it is empty, a quote is open, or it needs a shell.
    """
    if _OPERATORS.search(_PROTECTED.sub("", command)) or _SUBSTITUTION.search(
        _SINGLE_QUOTED.sub("", command)
    ):
        raise TemplateError("its command needs a shell (`|`, `;`, `>`, `$(`), and none is used")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise TemplateError(f"its command cannot be split: {error}") from error
    if not words or not words[0]:
        raise TemplateError("its command is empty")
    return words


def check_steps(call: CommandCall) -> None:
    """Refuse commands that an argument could turn into others.

    Raises:
        TemplateError: as `words_of`; or an argument would choose the program or be code of one.
    """
    for step in call.steps:
        words = words_of(step.command)
        if _ANY.search(words[0]):
            raise TemplateError("an argument would choose the program that is run")
        for position, word in enumerate(words):
            if (_ARGUMENT.search(word) or _OUTPUT.search(word)) and _is_code(words, position):
                raise TemplateError(
                    "an argument would be part of a program; give it to the program by position"
                )


def arguments_in(call: CommandCall) -> Sequence[str]:
    """Return the names of the arguments its commands have, in their order."""
    names = (name for step in call.steps for name in _ARGUMENT.findall(step.command))
    return tuple(dict.fromkeys(names))


def optional_arguments_in(command: str) -> Set[str]:
    """Return the names of the arguments that stand in `--name=ARGUMENT` only."""
    words = words_of(command)
    needed = {name for word in words if not _may_be_left_out(word) for name in _ARGUMENT.findall(word)}
    return {name for word in words for name in _ARGUMENT.findall(word)} - needed


def filled_words(command: str, filling: Filling) -> list[str]:
    """Return the words with arguments, outputs of earlier steps and variables in them.

    `--name=ARGUMENT` is left out when the argument is.

    Raises:
        ToolClientError: an argument is missing, or would be taken for an option.
        ToolAuthError: a variable has no value.
    """
    filled: list[str] = []
    options_end = False
    for word in words_of(command):
        missing = [name for name in _ARGUMENT.findall(word) if filling.arguments.get(name) is None]
        if missing and _may_be_left_out(word):
            continue
        if missing:
            raise ToolClientError(f"the command needs the argument `{safe_line(missing[0], max_chars=100)}`")
        whole = _ARGUMENT.fullmatch(word)
        if whole is not None and not options_end:
            _refuse_option(whole.group(1), filling)
        options_end = options_end or word == "--"
        filled.append(_filled(word, filling))
    return filled


def _may_be_left_out(word: str) -> bool:
    return word.startswith("--") and "=" in word


def _filled(word: str, filling: Filling) -> str:
    def value(match: re.Match[str]) -> str:
        # One pass: what was put in is not looked at again.
        name, output = match.group(1), match.group(2)
        if name is not None:
            return _text(name, filling.arguments[name])
        if output is not None:
            number = int(output)
            return filling.outputs[number] if number < len(filling.outputs) else ""
        reference = REFERENCE.match(match.string, match.start())
        return match.group() if reference is None else filling.variables.fill(reference)

    text = _ANY.sub(value, word)
    if "\0" in text:
        raise ToolClientError("an argument of the command contains a NUL character")
    return text


def _refuse_option(name: str, filling: Filling) -> None:
    """Refuse a text that the program would take for an option: `--output=...` may write a file."""
    value = filling.arguments[name]
    if not isinstance(value, str) or not value.startswith("-") or value in filling.enumerated.get(name, ()):
        return
    raise ToolClientError(
        f"the argument `{safe_line(name, max_chars=100)}` begins with `-` and would be taken for an option",
        hint="a manual allows it by `--` before the argument, or by an `enum` that has the value",
    )


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ToolClientError(f"the argument `{name}` is no JSON value", cause=error) from error


def _is_code(words: Sequence[str], position: int) -> bool:
    before = [PurePath(word).name.removesuffix(".exe") for word in words[:position]]
    if not _JOINING.isdisjoint(before):
        return True
    interpreters = [name for name in before if _INTERPRETERS.fullmatch(name)]
    if not interpreters:
        return False
    if _CODE_OPTION.fullmatch(words[position - 1]):
        return True
    return interpreters[-1] in _AWKS and before[-1] == interpreters[-1]
