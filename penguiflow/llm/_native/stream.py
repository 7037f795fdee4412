"""Writes an action while its parts arrive, so that whoever reads the JSON shows thought and answer live.

What the model says goes into `thought` until it calls a tool. Without a call it was the answer, which is
then written as such at the end. Of several calls only the first is written; the returned text holds all.
"""

from __future__ import annotations

from penguiflow.llm._native.json_text import is_whole_json, json_text, string_inside
from penguiflow.llm._native.names import ToolNames
from penguiflow.llm._native.reply import FINAL_RESPONSE, answer_in, is_action, opening, thought_from
from penguiflow.llm._said import Gathered, Said


class ActionWriter:
    """One action's text, in pieces."""

    def __init__(self, names: ToolNames) -> None:
        self._names = names
        self._said = Gathered()
        self._whitespace = ""  # held back: it may turn out to be the end of the thought
        self._thought_is_open = False
        self._is_json = False  # the model writes the JSON protocol itself
        self._call_is_open = False
        self._arguments_written = 0

    def feed(self, piece: Said) -> str:
        """Return what the piece adds to the text."""
        self._said.add(piece)
        if self._is_json:
            return piece.content
        added = "" if self._call_is_open else self._thought(piece.content)
        if not self._call_is_open and self._said.first_name:
            added += self._open_call(self._names.shown(self._said.first_name))
        if self._call_is_open:
            arguments = self._said.first_arguments(self._arguments_written)
            self._arguments_written += len(arguments)
            added += "".join(arguments)
        return added

    def end(self) -> str:
        """Return the end of the text."""
        said = self._said.whole()
        if self._call_is_open:
            arguments = said.calls[0].arguments
            if not arguments.strip():
                return "{}}"
            return "}" if is_whole_json(arguments) else ""
        if not self._thought_is_open or is_action(said.content):
            return ""
        answer = json_text({"answer": answer_in(said.content)})
        return f'", "next_node": {json_text(FINAL_RESPONSE)}, "args": {answer}}}'

    def _thought(self, content: str) -> str:
        text = self._whitespace + content
        if not self._thought_is_open:
            text = text.lstrip()
        shown = text.rstrip()
        self._whitespace = text[len(shown) :]
        if not shown:
            return ""
        if not self._thought_is_open and shown.startswith("{"):
            self._is_json = True
            return text
        head = "" if self._thought_is_open else '{"thought": "'
        self._thought_is_open = True
        return head + string_inside(shown)

    def _open_call(self, next_node: str) -> str:
        self._call_is_open = True
        if self._thought_is_open:
            return f'", "next_node": {json_text(next_node)}, "args": '
        return opening(thought_from(self._said.whole().reasoning), next_node)
