"""The table of JSON lines in docs/cli.md is what is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from penguiflow.state.events import KnownBody
from penguiflow.state.summaries import RunSummary
from penguiflow_cli._json_lines import LINE_TYPES

DOCS = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \|(.*?)\| ", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    section = DOCS.partition("## JSON lines")[2].partition("\n## ")[0]
    rows = ((kind, re.sub(r"\(.*?\)", "", fields)) for kind, fields in ROW.findall(section))
    return {kind: set(re.findall(r"`(\w+)`", fields)) for kind, fields in rows}


@pytest.mark.parametrize("body", get_args(KnownBody), ids=lambda body: body.__name__)
def test_the_fields_of_every_line_are_documented(body: type[KnownBody]) -> None:
    fields = {*body.__dataclass_fields__} - {"kind", "request_id"}
    if "request_id" in body.__dataclass_fields__:
        fields.add("resume_token")
    kind = LINE_TYPES[body.__dataclass_fields__["kind"].default]
    fields |= {"ok"} if kind == "tool_result" else set()
    assert documented()[kind] == fields


def test_no_line_is_documented_that_is_not_written() -> None:
    assert set(documented()) == set(LINE_TYPES.values())


def test_the_fields_of_a_line_of_a_list_are_documented() -> None:
    told = DOCS.partition("`runs list --json` writes lines of type `run`:")[2].partition(". ")[0]
    fields = {*RunSummary.__dataclass_fields__, "duration_ms"}
    assert set(re.findall(r"`(\w+)`", told)) == fields
