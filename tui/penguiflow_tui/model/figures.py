"""Numbers as people read them: durations, token counts, sums of money. Unknown is `?`, never zero."""

from __future__ import annotations

from penguiflow_tui.model.state import Totals


def duration_text(ms: float | None) -> str:
    """Return `12 ms`, `3.2 s`, `2 min 5 s`, or `?`."""
    if ms is None:
        return "?"
    if ms < 1:
        return "<1 ms"
    if ms < 1000:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def count_text(count: int) -> str:
    """Return `950`, `12.3k` or `1.2M`."""
    if count < 1000:
        return str(count)
    if count < 999_950:
        return f"{count / 1000:.1f}k"
    return f"{count / 1_000_000:.1f}M"


def plural(count: int, noun: str) -> str:
    """Return `1 step` or `3 steps`."""
    return f"{count} {noun}" if count == 1 else f"{count:,} {noun}s"


def money_text(usd: float) -> str:
    """Return `$0`, `<$0.0001`, `$0.0012` or `$12.34`."""
    if usd == 0:
        return "$0"
    if usd < 0.0001:
        return "<$0.0001"
    return f"${usd:.4f}" if usd < 1 else f"${usd:,.2f}"


def cost_text(totals: Totals) -> str:
    """Return the cost: `$0.0012`, `$0.0012+?` when partly unknown, `cost ?` when nothing is known."""
    if not totals.unpriced_calls:
        return money_text(totals.cost_usd)
    if not totals.priced_calls:
        return "cost ?"
    return f"{money_text(totals.cost_usd)}+?"


def tokens_text(totals: Totals) -> str:
    """Return `1.2k in 340 out`, with `?` where a call did not say."""
    counted = totals.input_tokens + totals.output_tokens
    if totals.uncounted_calls and not counted:
        return "tokens ?"
    unsure = "+?" if totals.uncounted_calls else ""
    return f"{count_text(totals.input_tokens)} in {count_text(totals.output_tokens)} out{unsure}"
