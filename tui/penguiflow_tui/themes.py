"""The looks of the workbench: calm dark, calm light. The terminal's own colours are Textual's ANSI themes."""

from __future__ import annotations

from rich.theme import Theme as RichTheme
from textual.theme import Theme

NIGHT = Theme(
    name="penguin-night",
    primary="#7fb2d6",
    secondary="#8d9bb0",
    accent="#f2a65a",
    warning="#e6b45e",
    error="#e5737a",
    success="#86c48c",
    foreground="#d5dbe4",
    background="#12161c",
    surface="#171c24",
    panel="#1f2630",
    dark=True,
    variables={
        "text-muted": "#8d9bb0",
        "border": "#7fb2d6",
        "border-blurred": "#2a3340",
        "block-cursor-background": "#2b4156",
        "block-cursor-foreground": "#eef3f9",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#222b37",
        "footer-background": "#12161c",
        "footer-key-foreground": "#7fb2d6",
        "footer-description-foreground": "#8d9bb0",
        "input-selection-background": "#7fb2d6 30%",
        "scrollbar": "#2a3340",
        "scrollbar-hover": "#3a4657",
        "scrollbar-active": "#7fb2d6",
        "scrollbar-background": "#12161c",
        "scrollbar-background-hover": "#12161c",
        "scrollbar-background-active": "#12161c",
        "scrollbar-corner-color": "#12161c",
    },
)

DAY = Theme(
    name="penguin-day",
    primary="#1c659c",
    secondary="#5a6676",
    accent="#a9530f",
    warning="#8a5a00",
    error="#b3262e",
    success="#22703a",
    foreground="#1d2530",
    background="#f6f8fa",
    surface="#eef1f5",
    panel="#e2e8ef",
    dark=False,
    variables={
        "text-muted": "#5a6676",
        "border": "#1c659c",
        "border-blurred": "#c9d2dd",
        "block-cursor-background": "#cfe0ee",
        "block-cursor-foreground": "#12202e",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e2e8ef",
        "footer-background": "#f6f8fa",
        "footer-key-foreground": "#1c659c",
        "footer-description-foreground": "#5a6676",
        "input-selection-background": "#1c659c 25%",
        "scrollbar": "#c9d2dd",
        "scrollbar-hover": "#aab7c6",
        "scrollbar-active": "#1c659c",
        "scrollbar-background": "#f6f8fa",
        "scrollbar-background-hover": "#f6f8fa",
        "scrollbar-background-active": "#f6f8fa",
        "scrollbar-corner-color": "#f6f8fa",
    },
)

THEMES = (NIGHT, DAY)

ANSWER_STYLES = RichTheme(
    {
        "markdown.h1": "bold underline",
        "markdown.h2": "bold",
        "markdown.h3": "bold",
        "markdown.code": "bold",
        "markdown.item.bullet": "bold",
        "markdown.item.number": "bold",
        "markdown.table.header": "bold",
        "markdown.table.border": "dim",
        "markdown.block_quote": "italic",
        "markdown.link": "underline",
        "markdown.link_url": "underline",
    }
)
"""How answers look once they are one widget: weight instead of colour, so that it fits every theme."""
