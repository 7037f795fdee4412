"""Screens as SVG files under `snapshots/`, in the folder of the test module that draws them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from textual.app import App

ROOT = Path(__file__).parents[2]
_TERMINAL_ID = re.compile(r"terminal-\d+")

ScreenShot: TypeAlias = Callable[[App[Any]], bool]  # the return type of an application is its own business


class ScreenExtension(SingleFileSnapshotExtension):
    """Keeps the file of `tests/tui/test_x.py` in `snapshots/tui/test_x/`."""

    _write_mode = WriteMode.TEXT
    file_extension = "svg"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        module = Path(test_location.filepath).resolve().relative_to(ROOT / "tests")
        return str(ROOT / "snapshots" / module.with_suffix(""))


@pytest.fixture(autouse=True)
def _the_same_terminal_everywhere() -> Iterator[None]:
    """Switch off what the developer's terminal, clock and colours would change."""
    with pytest.MonkeyPatch.context() as environment:
        _set_terminal(environment)
        time.tzset()
        yield
    time.tzset()


def _set_terminal(environment: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM"):
        environment.delenv(name, raising=False)
    environment.setenv("TZ", "UTC")
    environment.setenv("COLORTERM", "truecolor")


@pytest.fixture
def shows_as_before(snapshot: SnapshotAssertion) -> ScreenShot:
    """Compare what an application shows with its file; `--snapshot-update` draws the file anew."""

    def compare(app: App[Any]) -> bool:
        # Textual names the styles of a drawing at random; the name says nothing about the screen.
        drawing = _TERMINAL_ID.sub("terminal-0", app.export_screenshot())
        return bool(drawing == snapshot.use_extension(ScreenExtension))

    return compare
