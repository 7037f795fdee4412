"""A person at a terminal who types what the test says, and hears what they are told."""

from __future__ import annotations


class TypingPerson:
    """Types the answers one after the other, then closes the terminal."""

    is_there = True

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.told: list[str] = []
        self.hidden: list[bool] = []

    def tell(self, text: str = "") -> None:
        self.told.append(text)

    async def ask(self, prompt: str, *, hidden: bool = False) -> str | None:
        self.told.append(prompt)
        self.hidden.append(hidden)
        return self._answers.pop(0) if self._answers else None
