"""The exit codes are documented where people look for them."""

from __future__ import annotations

from pathlib import Path

from penguiflow_cli.exit_codes import MEANINGS, ExitCode, exit_code_table

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


def test_every_exit_code_has_a_meaning() -> None:
    assert set(MEANINGS) == set(ExitCode)


def test_the_documentation_lists_exactly_the_exit_codes() -> None:
    documented = DOCS.read_text(encoding="utf-8").partition("## Exit codes")[2]
    for code, meaning in MEANINGS.items():
        assert f"| {code.value} | {meaning} |" in documented
    assert documented.count("\n| ") == len(MEANINGS) + 2


def test_the_help_table_has_a_line_for_each() -> None:
    assert exit_code_table().splitlines()[4].split(maxsplit=1) == ["4", MEANINGS[ExitCode.WAITING]]
