"""docs/tools-cli.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from penguiflow_cli._tools_exit import TOOLS_MEANINGS

DOCS = (Path(__file__).parents[3] / "docs" / "tools-cli.md").read_text(encoding="utf-8")


def test_the_table_of_exit_codes_is_that_of_the_help() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", DOCS, re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == {
        code.value: meaning for code, meaning in TOOLS_MEANINGS.items()
    }
