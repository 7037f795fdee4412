"""The words of the card that asks a person to sign in somewhere: who asks, what for, and where it leads."""

from __future__ import annotations

from textual.content import Content

from penguiflow.safe_text import SafeText, safe_line
from penguiflow_tui.model.consent import Consent

MUTED = "$text-muted"


def consent_head(consent: Consent, agent: str) -> Content:
    """Return who asks for what."""
    parts: list[tuple[str, str]] = [
        (safe_line(agent or "The agent", max_chars=40), ""),
        (" wants to use ", MUTED),
        (consent.display_name or "a service", "bold $accent"),
        (" as you", MUTED),
    ]
    if consent.provider and consent.provider != consent.display_name:
        parts.append((f"\nConnection  {consent.provider}", MUTED))
    return Content.assemble(*parts)


def consent_body(consent: Consent) -> Content:
    """Return what is asked for and the whole link, its host in a line of its own."""
    lines = [_labelled("It asks for", _scopes(consent))]
    if consent.address is None:
        lines.append(Content.styled(f"✗ The link is not shown: {consent.problem}.", "$text-error"))
        lines.append(Content.styled("Refuse, and look at the configuration of the connection.", MUTED))
        return Content("\n").join(lines)
    lines += [
        _labelled("It leads to", consent.address.host, "bold $text-warning"),
        Content(""),
        Content(consent.address.text),
        Content(""),
        Content.styled("Sign in there, then come back and say that you did.", MUTED),
    ]
    return Content("\n").join(lines)


def _labelled(label: str, text: str, style: str = "") -> Content:
    return Content.assemble((f"{label}  ", MUTED), (text, style))


def _scopes(consent: Consent) -> SafeText:
    if not consent.scopes:
        return SafeText("nothing in particular")
    more = f" and {consent.more_scopes} more" if consent.more_scopes else ""
    return SafeText(", ".join(consent.scopes) + more)
