"""The report of a crash helps and gives nothing away."""

from __future__ import annotations

import stat
from pathlib import Path

from penguiflow_tui.crash import crash_text, write_crash_report


def broken(token: str) -> None:
    secret = f"{token}-and-more"
    assert secret
    raise RuntimeError(
        "cannot reach https://user:hunter2@example.org with \x1b[31m sk-abcdefghijklmnopqrstuvwxyz"
    )


def an_error() -> RuntimeError:
    try:
        broken("local-" + "secret")
    except RuntimeError as exc:
        return exc
    raise AssertionError("`broken` did not raise")


def test_the_report_names_the_place_and_holds_no_locals_secrets_or_escapes() -> None:
    text = crash_text(an_error(), at=1_780_000_000.0)
    assert "in broken" in text
    assert "2026-05-28 20:26:40 UTC" in text
    for given_away in ("local-secret", "hunter2", "sk-abcdefghijklmnop", "\x1b"):
        assert given_away not in text


def test_the_file_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    path = write_crash_report(tmp_path / "crash", an_error(), at=1_780_000_000.0)
    assert path.name == "20260528-202640-000000.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
