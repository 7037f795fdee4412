"""What a provider says reaches the caller short, in one line and without a secret."""

from __future__ import annotations

import subprocess
import sys

import pytest

from penguiflow.llm import LLMRateLimitError, LLMTimeoutError, LLMUnavailableError
from penguiflow.llm._retry import is_passing
from penguiflow.llm._translation import provider_words, translate
from penguiflow.llm.errors import LLMAuthError, LLMBadRequestError, LLMError


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("litellm.RateLimitError: RateLimitError: OpenAIException - slow down", "slow down"),
        ("litellm.AuthenticationError: bad key sk-abcdefghijklmnopqrstuv", "bad key [redacted]"),
        ("key my-own-key\nis wrong", "key [redacted] is wrong"),
        ('APIError: b\'{"error": {"message": "no such model", "code": null}}\'', "no such model"),
        ("x" * 600, "x" * 500 + "..."),
    ],
)
def test_the_words_are_short_and_clean(text: str, words: str) -> None:
    assert provider_words(text, "my-own-key") == words


class Refused(Exception):
    status_code = 418


def test_an_unknown_class_is_judged_by_its_status() -> None:
    assert isinstance(translate(Refused("tea"), model="m", api_key=None), LLMBadRequestError)
    assert isinstance(translate(ValueError("odd"), model="m", api_key=None), LLMUnavailableError)


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (LLMRateLimitError, True),
        (LLMTimeoutError, True),
        (LLMUnavailableError, True),
        (LLMAuthError, False),
        (LLMBadRequestError, False),
    ],
)
def test_only_passing_failures_are_tried_again(error: type[LLMError], passing: bool) -> None:
    assert is_passing(error("x")) is passing


@pytest.mark.process
def test_importing_the_client_does_not_import_litellm() -> None:
    program = "import sys, penguiflow.llm as m; m.LiteLLMClient('x/y'); print('litellm' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "False"


@pytest.mark.process
def test_a_missing_package_is_told_with_the_command_that_installs_it() -> None:
    program = (
        "import sys; sys.modules['litellm'] = None\n"
        "import penguiflow.llm as m\n"
        "try: m.LiteLLMClient('openai/x').check_ready()\n"
        "except m.LLMSetupError as error: print(error, '|', error.hint)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert "litellm" in done.stdout
    assert done.stdout.strip().endswith("pip install 'penguiflow[planner]'")
