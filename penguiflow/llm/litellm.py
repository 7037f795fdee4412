"""The client for every provider, and every server that speaks OpenAI's protocol, through litellm.

litellm itself is imported at the first call or check, so that a program which never asks a model never
pays for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from penguiflow.llm._abilities import (
    TOOL_CALLING,
    Abilities,
    abilities_of,
    check_tools_can_be_sent,
)
from penguiflow.llm._attempt import send, text_of
from penguiflow.llm._package import LiteLLM, in_use, load_litellm, process_environment
from penguiflow.llm._reading import cost_usd, token_usage
from penguiflow.llm._relay import Relays
from penguiflow.llm._request import Accepted, Profile, Request, Wishes, after_refusal, request_for
from penguiflow.llm._setup import ModelSettings, check_setup, model_name, provider_of
from penguiflow.llm._translation import holds_secret, translate
from penguiflow.llm.errors import (
    LLMBadRequestError,
    LLMError,
    LLMReplyError,
    LLMSetupError,
    LLMTimeoutError,
)
from penguiflow.llm.protocol import ChatMessage, NativeTools, OnStreamChunk, ToolCalling
from penguiflow.llm.usage import LLMReply
from penguiflow.redaction import remember_credentials

__all__ = ["LiteLLMClient"]

_log = logging.getLogger(__name__)


class LiteLLMClient:
    """Calls one model.

    `model` is a name (`openai/gpt-4o-mini`) or a mapping with `model` and further arguments of litellm's
    `acompletion` (`api_base`, `api_key`, `top_p`, ...), which win over the keywords here; `tool_calling` may
    stand in it too. `timeout_s` bounds one attempt; after rate limits, failures of the provider and timeouts
    the call is made again up to `max_retries` times. Cancelling a call closes its HTTP stream. Costs come
    from litellm's own price table and are None for a model that has no price in it, and after an attempt that
    broke off, because nobody says what it cost.

    With `tool_calling="auto"` the tools of a planning call go to models that litellm knows to call tools, and
    others are asked for JSON; `"native"` and `"json"` decide it for any model. A provider that refuses tools
    is asked for JSON from then on. `reasoning_effort` (`"low"`, `"medium"`, ...) is sent to models that
    reason, then without a temperature. With `use_native_reasoning=False` it is not sent, and what a model
    shows of its reasoning is dropped.

    Raises:
        LLMSetupError: `tool_calling` is none of the three.
    """

    def __init__(
        self,
        model: str | ModelSettings,
        *,
        temperature: float = 0.0,
        timeout_s: float = 60.0,
        max_retries: int = 3,
        json_schema_mode: bool = True,
        tool_calling: ToolCalling = "auto",
        use_native_reasoning: bool = True,
        reasoning_effort: str | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        settings: dict[str, Any] = {"model": model} if isinstance(model, str) else dict(model)
        self._tool_calling: ToolCalling = _checked(settings.pop("tool_calling", tool_calling))
        self._settings = settings
        remember_credentials(settings)
        self._profile = Profile(
            settings=settings,
            temperature=temperature,
            timeout_s=timeout_s,
            uses_reasoning=use_native_reasoning,
            reasoning_effort=reasoning_effort,
        )
        self._max_retries = max_retries
        self._accepted = Accepted(json_form="schema" if json_schema_mode else "none")
        self._abilities: Abilities | None = None
        self._sleep = sleep

    @property
    def model(self) -> str:
        """The model's name as it was given."""
        return str(self._settings.get("model", ""))

    def check_ready(self) -> None:
        """Return when package, provider and credentials are there; nothing is sent.

        The first call imports litellm, which takes a second or two: in an event loop, call it in a thread.

        Raises:
            LLMSetupError: something is missing; the hint says what to do.
        """
        self._ready_package()

    async def complete(
        self,
        *,
        messages: Sequence[ChatMessage],
        response_format: Mapping[str, Any] | None = None,
        stream: bool = False,
        on_stream_chunk: OnStreamChunk | None = None,
        tools: NativeTools | None = None,
        on_reasoning_chunk: OnStreamChunk | None = None,
    ) -> LLMReply:
        """Return the model's reply; see `JSONLLMClient` and `StreamRelay` for what is streamed."""
        litellm, abilities = await asyncio.to_thread(self._prepare)
        wishes = Wishes(messages=messages, response_format=response_format, tools=tools)
        relays = Relays(on_stream_chunk if stream else None, on_reasoning_chunk)
        async with in_use(litellm):
            reply = await self._accepted_reply(litellm, wishes, abilities, relays)
        relays.finish()
        return reply

    def _ready_package(self) -> LiteLLM:
        litellm = load_litellm()
        # litellm takes keys from variables with names of its own choice; none of them shall be shown.
        remember_credentials(process_environment())
        check_setup(litellm, self._settings)
        check_tools_can_be_sent(litellm, self._settings, self._tool_calling)
        return litellm

    def _prepare(self) -> tuple[LiteLLM, Abilities]:
        litellm = self._ready_package()
        if self._abilities is None:
            self._abilities = abilities_of(litellm, self._settings, self._tool_calling)
        return litellm, self._abilities

    async def _accepted_reply(
        self, litellm: LiteLLM, wishes: Wishes, abilities: Abilities, relays: Relays
    ) -> LLMReply:
        """Ask, and ask again without what the provider refuses; each refusal ends one wish for good."""
        while True:
            request = request_for(wishes, self._profile, abilities, self._accepted)
            try:
                return await self._with_retries(litellm, request, relays)
            except LLMBadRequestError as refusal:
                words = refusal.message.removeprefix(f"`{self.model}`: ")
                accepted = after_refusal(words, request, self._accepted)
                if accepted is None:
                    raise
                _log.info("`%s` is asked with less from now on; it said: %s", self.model, words)
                self._accepted = accepted

    async def _with_retries(self, litellm: LiteLLM, request: Request, relays: Relays) -> LLMReply:
        # tenacity belongs to the optional extra that `load_litellm` has just found installed.
        from penguiflow.llm._retry import is_passing, retrying  # noqa: PLC0415

        attempts = retrying(max_retries=self._max_retries, sleep=self._sleep)
        try:
            return await attempts(self._attempt, litellm, request, relays)
        except LLMError as exc:
            if not self._max_retries or not is_passing(exc):
                raise
            message = f"{exc.message} (failed after {self._max_retries} retries)"
            raise type(exc)(message, hint=exc.hint) from exc.__cause__

    async def _attempt(self, litellm: LiteLLM, request: Request, relays: Relays) -> LLMReply:
        name = model_name(self._settings)
        try:
            async with asyncio.timeout(self._profile.timeout_s):
                said, usage = await send(litellm, request, relays)
        except TimeoutError as exc:
            relays.cost_is_known = False
            raise LLMTimeoutError(
                f"`{name}`: no complete answer within {self._profile.timeout_s:g} s",
                hint="try again, or allow more time",
            ) from exc
        except Exception as exc:  # noqa: BLE001 - the one place where litellm's errors become ours
            error = translate(exc, model=self.model, api_key=self._settings.get("api_key"))
            if relays.has_sent or isinstance(error, LLMTimeoutError):
                relays.cost_is_known = False
            raise error from (None if self._shows_secret(exc) else exc)
        text = text_of(said, request)
        if not text.strip():
            raise LLMReplyError(
                f"`{name}`: the answer has empty content", hint="try again or choose another model"
            )
        cost = cost_usd(litellm, model=name, provider=provider_of(litellm, self._settings), usage=usage)
        return LLMReply(
            text=text,
            cost_usd=cost if relays.cost_is_known else None,
            usage=token_usage(usage),
            model=name,
            reasoning=said.reasoning or None,
        )

    def _shows_secret(self, exc: Exception) -> bool:
        return holds_secret(exc, self._settings.get("api_key"))


def _checked(mode: ToolCalling) -> ToolCalling:
    if mode not in TOOL_CALLING:
        raise LLMSetupError(
            f"`tool_calling` is {mode!r}", hint=f"write one of {', '.join(map(repr, TOOL_CALLING))}"
        )
    return mode
