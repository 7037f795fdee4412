"""Finding the user's agent in a project folder, or loading the one that was named.

Looked for are, in every package of `src/` (else of the project folder), a class whose name ends in
`Orchestrator` with an async `execute`, then a function `build_planner`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from penguiflow.catalog import ToolSource
from penguiflow.sessions.agent_port import Agent
from penguiflow.sessions.building import Workplace, agent_of, build
from penguiflow.sessions.candidates import (
    Candidate,
    candidate_for,
    candidates_in,
    search,
)
from penguiflow.sessions.loading import (
    AgentError,
    AgentLoadError,
    NoAgentFoundError,
    add_to_path,
    attribute_of,
    import_user_file,
    import_user_module,
)
from penguiflow.state.protocol import SupportsPlannerState

__all__ = ["AgentError", "AgentLoadError", "NoAgentFoundError", "discover_agent", "load_agent"]


def discover_agent(
    project_root: Path | str,
    *,
    state_store: SupportsPlannerState,
    model: str | None = None,
    tool_sources: Sequence[ToolSource] = (),
) -> Agent:
    """Find and build the project's agent. Imports the user's code, so it may take a second.

    `tool_sources` are given to its planner beside those it has.

    Raises:
        NoAgentFoundError: nothing looks like an agent; tells where it was looked for.
        AgentLoadError: the agent's code failed.
    """
    root = Path(project_root).resolve()
    folder = add_to_path(root)
    found = search(folder, root)
    best = found.best()
    if best is None:
        looked = ", ".join(f"`{name}`" for name in found.searched)
        raise NoAgentFoundError(
            f"no agent found in `{folder}`: "
            + (f"looked into {looked}" if looked else "it holds no package (a folder with `__init__.py`)"),
            hint="write `build_planner` in PACKAGE/planner.py, or name your agent: package.module:name",
        )
    return build(
        best, Workplace(project_root=root, state_store=state_store, model=model, tool_sources=tool_sources)
    )


def load_agent(
    target: str,
    project_root: Path | str,
    *,
    state_store: SupportsPlannerState,
    model: str | None = None,
    tool_sources: Sequence[ToolSource] = (),
) -> Agent:
    """Build the agent named by `package.module:name`, `path/to/file.py:name`, or by the module alone.

    The name is a builder function, an orchestrator class, a planner or an object with `.planner`.
    `tool_sources` are given to its planner beside those it has.

    Raises:
        NoAgentFoundError: no name was given and the module holds nothing that looks like an agent.
        AgentLoadError: there is no such module or name, or its code failed.
    """
    root = Path(project_root).resolve()
    add_to_path(root)
    place = Workplace(project_root=root, state_store=state_store, model=model, tool_sources=tool_sources)
    module_part, name = _split(target)
    if module_part.endswith(".py"):
        package, module = "", import_user_file((root / module_part).resolve(), root)
    else:
        package, module = module_part.partition(".")[0], import_user_module(module_part, root)
    if name is None:
        return build(_only_candidate(module, package), place)
    value = attribute_of(module, name)
    if callable(value) and not hasattr(value, "planner") and not hasattr(value, "run"):
        return build(candidate_for(value, package, module), place)
    return agent_of(value, package or module.__name__, place, what=f"`{target}`")


def _split(target: str) -> tuple[str, str | None]:
    module_part, colon, name = target.rpartition(":")
    if not colon:
        return target, None
    if not module_part or not name:
        raise AgentLoadError(
            f"`{target}` names no agent", hint="give package.module:name or path/to/file.py:name"
        )
    return module_part, name


def _only_candidate(module: ModuleType, package: str) -> Candidate:
    found = candidates_in(module, package)
    if found:
        return found[0]
    raise NoAgentFoundError(
        f"module `{module.__name__}` holds neither a class `...Orchestrator` nor a function `build_planner`",
        hint=f"name the agent itself: {module.__name__}:NAME",
    )
