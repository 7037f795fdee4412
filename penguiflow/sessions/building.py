"""Making an agent out of the user's class, function or planner.

Arguments are offered by name: `config`, `event_callback`, `state_store`, `model`, `project_root`,
`tool_sources`. What the user's code does not take is applied to the finished planner, by `fork`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from penguiflow.catalog import ToolSource
from penguiflow.sessions.agent_port import Agent
from penguiflow.sessions.awaited_agent import AwaitedAgent
from penguiflow.sessions.candidates import Candidate
from penguiflow.sessions.loading import (
    AgentLoadError,
    attribute_of,
    import_user_module,
    module_exists,
    run_user_code,
)
from penguiflow.sessions.orchestrator_agent import OrchestratorAgent
from penguiflow.sessions.parameters import accepted_keywords, first_required
from penguiflow.sessions.planner_agent import PlannerAgent
from penguiflow.sessions.planner_port import Planner
from penguiflow.state.protocol import SupportsPlannerState


@runtime_checkable
class ForkablePlanner(Planner, Protocol):
    """A planner that can be had again with other arguments."""

    def fork(self, **overrides: Any) -> Planner: ...  # the constructor's own arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What an agent is built for. A `model` of `None` leaves the choice to the agent's author.

    `tool_sources` are offered to the agent's planner beside its own.
    """

    project_root: Path
    state_store: SupportsPlannerState
    model: str | None
    tool_sources: Sequence[ToolSource] = ()

    def offers(self) -> dict[str, Any]:  # values of every type, by parameter name
        """Return the arguments that any class or function of the user may take."""
        offers: dict[str, Any] = {
            "event_callback": None,
            "state_store": self.state_store,
            "project_root": self.project_root,
        }
        if self.tool_sources:
            offers["tool_sources"] = self.tool_sources
        return offers if self.model is None else offers | {"model": self.model}


def build(candidate: Candidate, place: Workplace) -> Agent:
    """Build the agent; an async builder is awaited when the agent is opened.

    Raises:
        AgentLoadError: the user's code failed, or lacks something this workplace needs.
    """
    keywords = _arguments(candidate, place)

    def make() -> Any:  # whatever the user's code returns
        return candidate.target(**keywords)

    what = f"`{candidate.label}`"
    if candidate.kind == "builder" and inspect.iscoroutinefunction(candidate.target):
        return AwaitedAgent(
            candidate.agent_name,
            make,
            lambda built: _from_builder(built, candidate, place, keywords),
            what=what,
            project_root=place.project_root,
        )
    made = run_user_code(make, what, place.project_root)
    if candidate.kind == "builder":
        return _from_builder(made, candidate, place, keywords)
    if place.model is not None and "model" not in keywords:
        raise _model_is_fixed(what)
    if place.tool_sources and "tool_sources" not in keywords:
        raise _tools_are_fixed(what)
    return OrchestratorAgent(made, name=candidate.agent_name)


def agent_of(value: object, name: str, place: Workplace, *, what: str) -> Agent:
    """Return the agent around a planner, or around an object with `.planner` and maybe `.connections`.

    Raises:
        AgentLoadError: it is neither.
    """
    planner = value if isinstance(value, Planner) else getattr(value, "planner", None)
    if not isinstance(planner, Planner):
        raise AgentLoadError(
            f"{what} gives `{type(value).__name__}`, which is no planner",
            hint="return a `ReactPlanner` or an object with a `planner` attribute",
        )
    connections = () if planner is value else getattr(value, "connections", ())
    return PlannerAgent(_at(place, planner, what), name=name, connections=connections)


def _from_builder(built: object, candidate: Candidate, place: Workplace, given: Mapping[str, Any]) -> Agent:
    remaining = Workplace(
        project_root=place.project_root,
        state_store=place.state_store,
        model=None if "model" in given else place.model,
        tool_sources=() if "tool_sources" in given else place.tool_sources,
    )
    return agent_of(built, candidate.agent_name, remaining, what=f"`{candidate.label}`")


def _at(place: Workplace, planner: Planner, what: str) -> Planner:
    """Give the planner the store and model that its author did not choose, and further tools."""
    overrides: dict[str, Any] = {}
    if planner.state_store is None:
        overrides["state_store"] = place.state_store
    if place.model is not None:
        overrides["llm"] = place.model
    if place.tool_sources:
        overrides["tool_sources"] = (*planner.tool_sources, *place.tool_sources)
    if not overrides:
        return planner
    if isinstance(planner, ForkablePlanner):
        return run_user_code(lambda: planner.fork(**overrides), what, place.project_root)
    if place.model is not None:
        raise _model_is_fixed(what)
    if place.tool_sources:
        raise _tools_are_fixed(what)
    return planner


def _arguments(candidate: Candidate, place: Workplace) -> dict[str, Any]:
    target, offers = candidate.target, place.offers()
    keywords = accepted_keywords(target, offers)
    first = first_required(target)
    needs = first if first not in offers else None
    wants = needs or next(iter(accepted_keywords(target, {"config": None})), None)
    if wants is None:
        return keywords
    make_config = _config_factory(candidate.package, place)
    if make_config is not None:
        what = f"`{candidate.package}.config:Config`"
        return keywords | {wants: run_user_code(make_config, what, place.project_root)}
    if needs is not None:
        raise _config_is_missing(candidate, needs)
    return keywords


def _config_factory(package: str, place: Workplace) -> Callable[[], Any] | None:  # makes the user's config
    name = f"{package}.config"
    if not package or not module_exists(name):
        return None
    config: Callable[[], Any] = attribute_of(import_user_module(name, place.project_root), "Config")
    from_env: Callable[[], Any] | None = getattr(config, "from_env", None)
    return from_env if callable(from_env) else config


def _config_is_missing(candidate: Candidate, parameter: str) -> AgentLoadError:
    return AgentLoadError(
        f"`{candidate.label}` requires a config: its first parameter `{parameter}` has no default",
        hint=f"add a class `Config` to `{candidate.package}/config.py`, or give the parameter a default",
    )


def _model_is_fixed(what: str) -> AgentLoadError:
    return AgentLoadError(
        f"{what} takes no `model`, so another model cannot be chosen for it",
        hint="add a parameter `model: str | None = None` and use it, or start without `--model`",
    )


def _tools_are_fixed(what: str) -> AgentLoadError:
    return AgentLoadError(
        f"{what} takes no `tool_sources`, so it cannot be given further tool servers",
        hint="add a parameter `tool_sources=()` and give it to the planner, or start without the servers",
    )
