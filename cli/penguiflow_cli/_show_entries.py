"""What one entry of a run's outline looks like in `runs show`."""

from __future__ import annotations

from typing import Any

from penguiflow.sessions.projections.outline import THINKING, OutlineEntry, StreamedPieces
from penguiflow.sessions.projections.recorded_run import RecordedCall, RecordedDecision
from penguiflow.state.events import (
    ActionChosen,
    ContentRef,
    FlowHappened,
    MemoryRead,
    ModelCalled,
    OutputCaptured,
    ToolFinished,
)
from penguiflow_cli._contents import Texts
from penguiflow_cli._run_words import cost_of, tokens_of
from penguiflow_cli._styled import Span, Style, StyledLine
from penguiflow_cli._text_blocks import Page
from penguiflow_tui.model.bounded_json import compact_json, pretty_json
from penguiflow_tui.model.event_gist import event_gist
from penguiflow_tui.model.figures import duration_text, plural
from penguiflow_tui.model.marks import flow_mark

_JSON_CHARS = 400
_WHOLE_CHARS = 4_000_000


class EntryWriter:
    """Writes the entries of one run; with `texts` the whole contents, each once, otherwise their sizes."""

    def __init__(self, page: Page, texts: Texts | None = None) -> None:
        self.page = page
        self._texts = texts
        self._written: set[str] = set()

    def lines(self, entry: OutlineEntry) -> list[StyledLine]:
        """Return the lines of an entry; none for a decision that its step already tells."""
        match entry:
            case ModelCalled():
                return self._model_call(entry)
            case RecordedCall():
                return [*self._call(entry), *self._outcome(entry)]
            case ToolFinished():
                return self._lone_outcome(entry)
            case RecordedDecision():
                return self._decision(entry)
            case StreamedPieces():
                return self._pieces(entry)
            case MemoryRead(content=content):
                label = Span("≡", "muted")
                return [
                    *self.page.entry(label, "memory", plural(content.chars, "character"), style="muted"),
                    *self._whole(content),
                ]
            case FlowHappened():
                return self._flow(entry)
            case OutputCaptured():
                return self._output(entry)
            case ActionChosen():
                return []
            case _:
                mark, gist = event_gist(entry)
                return self.page.entry(Span(mark.glyph, mark.tone), mark.word, gist)

    def _model_call(self, call: ModelCalled) -> list[StyledLine]:
        facts = [call.model or "model", duration_text(call.latency_ms)]
        if call.purpose != "action":
            facts.insert(1, call.purpose.replace("_", " "))
        if call.attempt > 1:
            facts.append(f"attempt {call.attempt}")
        if call.error is None:
            facts += [tokens_of(call.input_tokens, call.output_tokens), cost_of(call.cost_usd)]
            lines = self.page.entry(Span("●", "active"), "model", " · ".join(facts))
        else:
            lines = self.page.entry(Span("✗", "error"), "model", f"{' · '.join(facts)}: {call.error}")
        if self._texts is None:
            return (
                [*lines, *self.page.words(_sizes(call), style="muted", indent=4)] if _sizes(call) else lines
            )
        for place, ref in enumerate(call.messages, 1):
            lines += self._headed(f"{place}. {ref.role or 'message'}", ref)
        if call.options is not None:
            lines += self._headed("options", call.options)
        if call.reply_content is not None:
            return [*lines, *self._headed("reply", call.reply_content)]
        return [*lines, *self._heading("reply"), *self._text(call.reply)] if call.reply else lines

    def _call(self, call: RecordedCall) -> list[StyledLine]:
        if self._texts is None:
            return self.page.entry(Span("▸", "active"), call.tool, _bounded(call.args))
        return [*self.page.entry(Span("▸", "active"), call.tool), *self._text(_whole_json(call.args))]

    def _outcome(self, call: RecordedCall) -> list[StyledLine]:
        took = duration_text(call.latency_ms)
        if not call.ended:
            return self.page.entry(Span("·", "muted"), "not ended", indent=4)
        if call.error is not None:
            return self.page.entry(Span("✗", "error"), took, call.error, style="error", indent=4)
        head = Span("✓", "success")
        if self._texts is not None:
            return [*self.page.entry(head, took, indent=4), *self._result(call)]
        return self.page.entry(head, took, _result_gist(call), indent=4)

    def _result(self, call: RecordedCall) -> list[StyledLine]:
        if call.result_content is not None:
            return self._whole(call.result_content, indent=6)
        return self._text(_whole_json(call.result), indent=6)

    def _lone_outcome(self, finished: ToolFinished) -> list[StyledLine]:
        """Tell of a call that never ran: it was refused, or a person answered in its place."""
        call = RecordedCall(
            step=finished.step,
            call_id=finished.call_id,
            tool=finished.tool,
            result=finished.result,
            result_content=finished.content,
            error=finished.error,
            latency_ms=finished.latency_ms,
            ended=True,
        )
        return [*self.page.entry(Span("⊘", "warning"), f"{call.tool} did not run"), *self._outcome(call)]

    def _decision(self, decision: RecordedDecision) -> list[StyledLine]:
        asked, answered = decision.asked, decision.answered
        if asked.call is not None:
            lines = self.page.entry(
                Span("◆", "warning"), "asked", f"may {asked.call.tool} run? {_bounded(asked.call.args)}"
            )
        else:
            lines = self.page.entry(Span("◆", "warning"), "asked", asked.prompt or asked.reason)
        if answered is None:
            return [
                *lines,
                *self.page.entry(
                    Span("◆", "warning"), "no answer yet", f"token {asked.request_id}", indent=4
                ),
            ]
        style: Style = "success" if answered.decision in ("approve", "edit", "respond") else "warning"
        args = "" if answered.args is None else _bounded(answered.args)
        said = " ".join(part for part in (answered.text, args) if part)
        return [*lines, *self.page.entry(Span("↩", style), answered.decision, said, indent=4)]

    def _pieces(self, pieces: StreamedPieces) -> list[StyledLine]:
        label = "thinking" if pieces.source == THINKING else "output"
        head = self.page.entry(
            Span("·", "muted"), label, plural(len(pieces.text), "character"), style="muted"
        )
        return head if self._texts is None else [*head, *self._text(pieces.text)]

    def _output(self, output: OutputCaptured) -> list[StyledLine]:
        """Show one line of a log or a traceback, the last, which says most; or all."""
        lines = output.text.strip("\n").split("\n")
        mark = Span("»", "warning" if output.stream == "stderr" else "plain")
        if len(lines) == 1:
            return self.page.entry(mark, output.stream, lines[0])
        if self._texts is not None:
            return [*self.page.entry(mark, output.stream), *self._text(output.text)]
        more = f"(the last of {plural(len(lines), 'line')}; --content shows all)"
        return self.page.entry(mark, output.stream, f"{lines[-1]} {more}")

    def _flow(self, body: FlowHappened) -> list[StyledLine]:
        """Tell what happened at a node; queues and counts only with the contents."""
        mark = flow_mark(body.event)
        attempt, exception = body.detail.get("attempt"), body.detail.get("exception")
        facts = [
            mark.word,
            duration_text(body.latency_ms) if body.latency_ms else "",
            f"attempt {attempt + 1}" if isinstance(attempt, int) and attempt > 0 else "",
            str(exception) if exception is not None else "",
        ]
        where = body.node or body.node_id or body.edge or "flow"
        gist = " · ".join(fact for fact in facts if fact)
        lines = self.page.entry(Span(mark.glyph, mark.tone), where, gist)
        return lines if self._texts is None else [*lines, *self._text(_whole_json(body.detail))]

    def _headed(self, heading: str, ref: ContentRef) -> list[StyledLine]:
        size = plural(ref.chars, "character")
        if ref.content_id in self._written:
            return self.page.words(f"{heading}, {size}, as above", style="muted", indent=4)
        self._written.add(ref.content_id)
        return [*self._heading(f"{heading}, {size}"), *self._whole(ref)]

    def _heading(self, heading: str) -> list[StyledLine]:
        return self.page.words(heading, style="strong", indent=4)

    def _whole(self, ref: ContentRef, *, indent: int = 6) -> list[StyledLine]:
        if self._texts is None:
            return []
        text = self._texts.get(ref.content_id)
        if text is None:
            return self.page.words("(this text is not kept)", style="muted", indent=indent)
        return self._text(text, indent=indent)

    def _text(self, text: str, *, indent: int = 6) -> list[StyledLine]:
        return self.page.words(text, indent=indent)


def _sizes(call: ModelCalled) -> str:
    """Tell how large the prompt was and what came back, without showing it."""
    if not call.messages:
        return ""
    chars = sum(ref.chars for ref in call.messages)
    reply = call.reply_content.chars if call.reply_content else len(call.reply)
    prompt = f"{plural(len(call.messages), 'message')}, {plural(chars, 'character')}"
    return f"{prompt}; reply {plural(reply, 'character')}" if reply else prompt


def _bounded(value: Any) -> str:  # JSON of any kind
    shown = compact_json(value, _JSON_CHARS)
    return f"{shown.text}… (--content shows all)" if shown.is_cut else shown.text


def _result_gist(call: RecordedCall) -> str:
    if call.result_content is None:
        return _bounded(call.result)
    shown = compact_json(call.result, _JSON_CHARS).text
    return f"{shown}… ({plural(call.result_content.chars, 'character')}; --content shows all)"


def _whole_json(value: Any) -> str:  # JSON of any kind
    return value if isinstance(value, str) else pretty_json(value, _WHOLE_CHARS).text
