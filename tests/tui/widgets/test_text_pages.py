"""A whole text: wrapped, drawn as far as it is visible, copied whole or in part."""

from __future__ import annotations

import pytest
from textual.geometry import Offset
from textual.selection import Selection

from penguiflow.safe_text import safe_line, safe_text
from penguiflow_tui.chat_messages import CopyRequested
from penguiflow_tui.model.whole_text import WholeSection
from penguiflow_tui.widgets.text_pages import TextPages
from tests.fakes.panes import HOSTILE_TEXTS, Listening, control_characters_of, strips_of, text_of, until

SIZE = (40, 12)


def sections(*texts: str) -> list[WholeSection]:
    return [
        WholeSection(heading=safe_line(f"Part {number}"), text=safe_text(text))
        for number, text in enumerate(texts, 1)
    ]


async def test_headings_and_texts_follow_one_another() -> None:
    pages = TextPages()
    async with Listening(pages).run_test(size=SIZE) as pilot:
        pages.show(sections("one\ttwo\nthree", "four"))
        await until(pilot, lambda: "four" in text_of(pages), "the text is drawn")
        shown = [strip.text.strip("│ ") for strip in strips_of(pages)]
        assert shown[1:8] == ["Part 1", "one    two", "three", "", "Part 2", "four", ""]
        assert "line 6 of 6" in shown[-1]


async def test_a_text_is_wrapped_again_for_another_width() -> None:
    pages = TextPages()
    async with Listening(pages).run_test(size=SIZE) as pilot:
        pages.show(sections("word " * 20))
        await until(pilot, lambda: pages.row_count == 4, "three rows and a heading")
        await pilot.resize_terminal(20, 12)
        await until(pilot, lambda: pages.row_count > 6, "more rows")


async def test_keys_jump_between_the_parts() -> None:
    pages = TextPages()
    async with Listening(pages).run_test(size=SIZE) as pilot:
        pages.show(sections(*("line\n" * 20 for _ in range(3))))
        await until(pilot, lambda: pages.row_count > 60, "the text is there")
        places: list[int] = []
        for key in ("n", "n", "n", "p", "down", "p", "p", "p"):
            await pilot.press(key)
            places.append(pages.scroll_offset.y)
        # Each part has a heading, 20 lines, the empty rest of the last one, and a gap.
        assert places == [23, 46, 46, 23, 24, 23, 0, 0]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
async def test_no_text_reaches_the_terminal_as_more_than_text(text: str) -> None:
    pages = TextPages()
    async with Listening(pages).run_test(size=SIZE) as pilot:
        pages.show(sections(text))
        await until(pilot, lambda: "Part 1" in text_of(pages), "the text is drawn")
        await pilot.press("end", "pageup", "home")
        assert control_characters_of(pages) == set()


async def test_all_of_it_is_copied_as_it_was_written() -> None:
    pages = TextPages()
    app = Listening(pages)
    async with app.run_test(size=SIZE) as pilot:
        pages.show(sections("long words " * 20, "end"))
        await pilot.press("c")
        await until(pilot, lambda: len(app.heard) == 1, "the text is copied")
        copied = app.heard[0]
        assert isinstance(copied, CopyRequested)
        assert copied.text == f"Part 1\n{'long words ' * 20}\n\nPart 2\nend"


async def test_a_selection_over_wrapped_rows_is_one_line() -> None:
    pages = TextPages()
    async with Listening(pages).run_test(size=SIZE) as pilot:
        pages.show(sections(f"{'abcde ' * 12}\nnext"))
        await until(pilot, lambda: pages.row_count > 3, "the text is wrapped")
        everything = pages.get_selection(Selection(Offset(0, 1), None))
        assert everything is not None
        assert everything[0] == f"{'abcde ' * 12}\nnext"


async def test_a_million_characters_are_shown_within_the_patience_of_a_person() -> None:
    pages = TextPages()
    async with Listening(pages).run_test(size=SIZE) as pilot:
        pages.show(sections("漢字 and words " * 80_000))
        await until(pilot, lambda: pages.row_count > 10_000, "the text is wrapped")
        await pilot.press("end")
        await until(pilot, lambda: pages.is_vertical_scroll_end, "the end is reached")
