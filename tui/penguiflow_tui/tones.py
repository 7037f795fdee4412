"""How a tone looks inside `Content`: theme variables, so every theme colours it its way."""

from __future__ import annotations

from penguiflow_tui.model.marks import Tone

TONE_STYLES: dict[Tone, str] = {
    "plain": "",
    # `$text-muted` is chosen by the background it stands on, which a span of `Content` does not know.
    "muted": "$foreground-muted",
    "active": "$text-primary",
    "success": "$text-success",
    "warning": "$text-warning",
    "error": "$text-error",
}
MUTED = TONE_STYLES["muted"]
