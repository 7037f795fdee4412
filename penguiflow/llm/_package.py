"""Loads litellm quietly and cleans up after it.

litellm fetches prices, prints advice, logs to stderr, leaves tasks in the loop and keeps HTTP clients open
until the process ends. Here is the one place that knows this: `load_litellm` switches the noise off, and
`in_use` returns the loop as it was, without a task or a connection of litellm in it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import warnings
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from penguiflow.llm.errors import LLMSetupError

INSTALL_HINT = "pip install 'penguiflow[planner]'"

# Read by litellm while it is imported: use the price and header data of the installed package instead of
# fetching newer ones, and load no `.env` file from wherever the package happens to lie.
_OFFLINE = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_MODE": "PRODUCTION",
}
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")
_SETTLE_TIMEOUT_S = 2.0


class LiteLLM(Protocol):
    """The functions of litellm that we call. Its objects have no reliable types, hence `Any`."""

    __file__: str
    suppress_debug_info: bool
    telemetry: bool
    disable_aiohttp_transport: bool
    model_cost: Mapping[str, Mapping[str, Any]]

    def acompletion(self, **request: Any) -> Awaitable[Any]: ...

    def get_llm_provider(
        self, model: str, custom_llm_provider: str | None = None, api_base: str | None = None
    ) -> tuple[str, str, str | None, str | None]: ...

    def validate_environment(self, model: str) -> dict[str, Any]: ...

    def supports_response_schema(self, model: str, custom_llm_provider: str | None = None) -> bool: ...

    def supports_function_calling(self, model: str, custom_llm_provider: str | None = None) -> bool: ...

    def supports_reasoning(self, model: str, custom_llm_provider: str | None = None) -> bool: ...

    def get_supported_openai_params(
        self, model: str, custom_llm_provider: str | None = None
    ) -> list[str] | None: ...

    def cost_per_token(
        self, model: str, *, custom_llm_provider: str | None, usage_object: Any
    ) -> tuple[float, float]: ...


class _Closable(Protocol):
    async def close(self) -> None: ...


class _LoggingWorker(Protocol):
    async def flush(self) -> None: ...
    async def stop(self) -> None: ...


def process_environment() -> Mapping[str, str]:
    """Return the variables among which litellm looks for keys."""
    return os.environ


def load_litellm() -> LiteLLM:
    """Import litellm, the first time in one or two seconds: call it in a thread when a loop runs.

    Raises:
        LLMSetupError: the package is not installed.
    """
    for name, value in _OFFLINE.items():
        os.environ.setdefault(name, value)
    try:
        litellm = cast("LiteLLM", import_module("litellm"))
        import_module("tenacity")
        # Both load on first use, which would hold up the loop for half a second.
        import_module("openai.resources")
        import_module("litellm.litellm_core_utils.default_encoding")
    except ImportError as exc:
        raise LLMSetupError(
            f"language models need a package that is missing ({exc}): {INSTALL_HINT}", hint=INSTALL_HINT
        ) from exc
    _silence(litellm)
    return litellm


def _silence(litellm: LiteLLM) -> None:
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.disable_aiohttp_transport = True  # its sessions complain when a process ends
    # Warnings about litellm's own code, for its authors; where warnings are errors they would end a call.
    warnings.filterwarnings("ignore", module=r"litellm(\.|$)")
    warnings.filterwarnings(
        "ignore", message=".* (is|are) using the `ReadOnly` qualifier", category=UserWarning
    )
    for name in _LOGGERS:
        # What it logs reaches the caller as an exception; its own handlers would write over a screen.
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = False


_calls_in_loop: Counter[asyncio.AbstractEventLoop] = Counter()


@asynccontextmanager
async def in_use(litellm: LiteLLM) -> AsyncGenerator[None]:
    """Run calls inside; when the last one of this loop ends, litellm's tasks and connections end too.

    Nobody tells a client that its loop is about to close, so connections cannot outlive the calls. A new
    one costs a handshake, little beside a model's answer.
    """
    loop = asyncio.get_running_loop()
    _calls_in_loop[loop] += 1
    try:
        yield
    finally:
        _calls_in_loop[loop] -= 1
        if _calls_in_loop[loop] == 0:
            del _calls_in_loop[loop]
            await _settle(litellm, loop)


async def _settle(litellm: LiteLLM, loop: asyncio.AbstractEventLoop) -> None:
    clients = _take_clients(litellm, loop)
    package_folder = str(Path(litellm.__file__).parent)
    leftovers = {task for task in asyncio.all_tasks() if _started_by(package_folder, task)}
    if leftovers:
        await asyncio.wait(leftovers, timeout=_SETTLE_TIMEOUT_S)
    worker_module = import_module("litellm.litellm_core_utils.logging_worker")
    worker = cast("_LoggingWorker", worker_module.GLOBAL_LOGGING_WORKER)
    try:
        async with asyncio.timeout(_SETTLE_TIMEOUT_S):
            await worker.flush()
    except TimeoutError:
        pass  # a user's litellm callback hangs; stopping cancels it
    await worker.stop()
    while clients:
        await clients.pop().close()
    await asyncio.sleep(0)  # the finalizer of a client starts one more task, which ends at once


def _take_clients(litellm: LiteLLM, loop: asyncio.AbstractEventLoop) -> list[_Closable]:
    """Remove this loop's clients from litellm's cache, so that a call starting now makes its own."""
    cache = getattr(litellm, "in_memory_llm_clients_cache", None)
    cached = cast("MutableMapping[str, _Closable]", getattr(cache, "cache_dict", {}))
    own_suffix = f"-{id(loop)}"  # how litellm keeps the clients of different loops apart
    return [cached.pop(key) for key in list(cached) if key.endswith(own_suffix)]


def _started_by(package_folder: str, task: asyncio.Task[Any]) -> bool:  # whatever the task returns
    code = getattr(task.get_coro(), "cr_code", None)
    if code is None or not str(code.co_filename).startswith(package_folder):
        return False
    return not str(code.co_qualname).endswith("LoggingWorker._worker_loop")  # it runs until it is stopped
