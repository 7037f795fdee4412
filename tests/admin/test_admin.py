from __future__ import annotations

import json

import pytest

from penguiflow.admin import load_state_store, main, render_events
from penguiflow.state import InMemoryStateStore, StoredEvent
from tests.admin.stores import TRACE, Unreadable, stored

HERE = "tests.admin.stores"
FULL = ["--state-store", f"{HERE}:with_three_events"]


class Nameless:
    def __str__(self) -> str:
        raise LookupError("no name")


@pytest.mark.parametrize("spec", ["", "store", "module:", ":factory", "a:b:c"])
async def test_a_spec_of_another_form_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match="must be in the form"):
        await load_state_store(spec)


async def test_an_attribute_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(TypeError, match="not a callable"):
        await load_state_store(f"{HERE}:not_callable")


async def test_what_is_no_store_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(TypeError, match="`save_event`, `load_history`, `save_remote_binding`"):
        await load_state_store(f"{HERE}:no_store")


@pytest.mark.parametrize("spec", ["penguiflow.state:InMemoryStateStore", f"{HERE}:with_three_events"])
async def test_a_class_and_a_coroutine_function_are_factories(spec: str) -> None:
    assert isinstance(await load_state_store(spec), InMemoryStateStore)


def test_a_line_is_the_payload_completed_by_the_event_with_sorted_keys() -> None:
    event = StoredEvent(TRACE, 1.5, "node_error", "pack", "n1", {"ts": 9.0, "attempt": 2})

    (line,) = render_events([event])

    assert line == (
        '{"attempt": 2, "event": "node_error", "node_id": "n1", "node_name": "pack", "trace_id": "trace-1",'
        ' "ts": 9.0}'
    )


@pytest.mark.parametrize(
    ("tail", "numbers"), [(None, [0, 1, 2]), (5, [0, 1, 2]), (2, [1, 2]), (0, []), (-1, [])]
)
def test_tail_keeps_the_last_events(tail: int | None, numbers: list[int]) -> None:
    lines = render_events([stored(number) for number in range(3)], tail=tail)

    assert [json.loads(line)["number"] for line in lines] == numbers


def test_text_that_would_act_on_a_terminal_is_escaped() -> None:
    (line,) = render_events([stored(0, text="\x1b[2J\u202e größe\n")])

    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["text"] == "\x1b[2J\u202e größe\n"


def test_a_value_without_a_json_form_hides_nothing_else() -> None:
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    odd = {"opaque": {1, 2}, "nameless": Nameless(), "deep": deep, "mixed": {1: "a", "b": 2}}

    shown = json.loads(render_events([stored(0, **odd)])[0])

    assert shown["number"] == 0
    assert shown["opaque"] == "{1, 2}"
    assert shown["nameless"] == "<Nameless without a JSON form: LookupError>"
    assert shown["deep"] == "<list without a JSON form: RecursionError>"
    assert shown["mixed"] == "<dict without a JSON form: TypeError>"


def test_history_prints_the_lines_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", TRACE, *FULL, "--tail", "2"]) == 0

    captured = capsys.readouterr()
    assert [json.loads(line)["number"] for line in captured.out.splitlines()] == [1, 2]
    assert captured.err == ""


def test_the_history_of_an_unknown_trace_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "nobody", *FULL]) == 0
    assert capsys.readouterr().out == ""


def test_replay_prints_a_headline_and_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", TRACE, *FULL, "--tail", "2", "--delay", "0.001"]) == 0

    headline, *lines = capsys.readouterr().out.splitlines()
    assert headline == "# replay trace=trace-1 events=2"
    assert [json.loads(line)["number"] for line in lines] == [1, 2]


def test_the_replay_of_an_unknown_trace_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "nobody", *FULL]) == 0
    assert capsys.readouterr().out == "# trace nobody has no stored events\n"


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (f"{HERE}:broken", "error: the file is ␛[31mdamaged; restore it\n"),
        ("no_such_module:store", "error: No module named 'no_such_module'\n"),
        (f"{HERE}:nothing", f"error: module '{HERE}' has no attribute 'nothing'\n"),
        (f"{HERE}:Unreadable", "error: [Errno 32] connection lost\n"),
        ("store", "error: state store `store` must be in the form `package.module:callable`\n"),
    ],
)
def test_a_failure_is_one_line_on_stderr(spec: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", TRACE, "--state-store", spec]) == 1

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", text)


def test_a_store_is_closed_even_if_reading_it_fails() -> None:
    Unreadable.closed = 0

    assert main(["history", TRACE, "--state-store", f"{HERE}:Unreadable"]) == 1

    assert Unreadable.closed == 1


def test_a_command_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])

    assert caught.value.code == 2
    assert "required: command" in capsys.readouterr().err
