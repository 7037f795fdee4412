"""Node functions that fail as often as a test wants, and count."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias, cast

from penguiflow.errors import FlowErrorCode

_ResultFactory: TypeAlias = Callable[[Any], Awaitable[Any]]
"""`async def f(message)`; whatever it returns is what the node returns."""


class Simulation:
    """How often a simulated node was called."""

    def __init__(self, fail_times: int) -> None:
        self.attempts = 0
        self._fail_times = fail_times

    @property
    def failures(self) -> int:
        """The calls that raised."""
        return min(self.attempts, self._fail_times)


class SimulatedFunction(Protocol):
    """A node function with its counts."""

    simulation: Simulation

    async def __call__(self, message: Any, ctx: Any, /) -> Any:
        """Fail or return; any message and any context will do."""
        ...


def simulate_error(
    node_name: str,
    code: FlowErrorCode | str,
    *,
    fail_times: int = 1,
    result: Any = None,  # whatever the node under test would return
    result_factory: _ResultFactory | None = None,
    exception_type: type[BaseException] = RuntimeError,
) -> SimulatedFunction:
    """Return a node function named `node_name` whose first `fail_times` calls raise.

    Later calls return `result`, or what `result_factory(message)` gives, or else the message. The
    attribute `simulation` counts the calls.

    Raises:
        ValueError: `fail_times` is less than 1, or both a result and a factory are given.
    """
    if fail_times < 1:
        raise ValueError(f"fail_times must be at least 1; got `{fail_times}`")
    if result is not None and result_factory is not None:
        raise ValueError("give only one of `result` and `result_factory`")
    simulation = Simulation(fail_times)
    code_text = code.value if isinstance(code, FlowErrorCode) else code

    async def simulated(message: Any, ctx: Any) -> Any:  # as any node function
        simulation.attempts += 1
        attempt = simulation.attempts
        if attempt <= fail_times:
            raise exception_type(f"[{code_text}] simulated failure in {node_name} (attempt {attempt})")
        if result_factory is not None:
            return await result_factory(message)
        return message if result is None else result

    simulated.__name__ = node_name
    vars(simulated)["simulation"] = simulation
    return cast("SimulatedFunction", simulated)  # checkers do not know attributes of functions
