"""What in a project looks like an agent, in the order in which it is preferred."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeAlias

from penguiflow.sessions.loading import AgentLoadError, import_user_module, module_exists

BUILDER_NAME = "build_planner"
CLASS_SUFFIX = "Orchestrator"
SEARCHED_MODULES = ("orchestrator", "planner", "__main__", "__init__")

Target: TypeAlias = Callable[..., Any]
"""An orchestrator class or a builder function; its parameters and result are the user's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something that makes an agent, and where it stands; a file of its own has no package."""

    kind: Literal["orchestrator", "builder"]
    target: Target
    package: str
    module: str

    @property
    def agent_name(self) -> str:
        return self.package or self.module

    @property
    def label(self) -> str:
        return f"{self.module}:{self.target.__name__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search found, what it could not import, and where it looked."""

    candidates: tuple[Candidate, ...]
    failures: tuple[tuple[str, AgentLoadError], ...]
    searched: tuple[str, ...]

    def best(self) -> Candidate | None:
        """Return the first orchestrator over all packages, else the first builder.

        Raises:
            AgentLoadError: a module that could hold something better, or the only one, cannot be imported.
        """
        orchestrators = (each for each in self.candidates if each.kind == "orchestrator")
        best = next(orchestrators, None) or next(iter(self.candidates), None)
        for package, failure in self.failures:
            # A broken neighbour does not matter; a broken module of the chosen package may hide the agent
            # that its author means.
            if best is None or (best.kind == "builder" and best.package == package):
                raise failure
        return best


def search(folder: Path, project_root: Path) -> Search:
    """Import the likely modules of every package in `folder` and look for agents in them."""
    candidates: list[Candidate] = []
    failures: list[tuple[str, AgentLoadError]] = []
    searched: list[str] = []
    for package in sorted(each.parent.name for each in folder.glob("*/__init__.py")):
        for module_name in _module_names(package):
            try:
                import_user_module(package, project_root)
                if not module_exists(module_name):
                    continue
                searched.append(module_name)
                module = import_user_module(module_name, project_root)
            except AgentLoadError as failure:
                failures.append((package, failure))
                continue
            candidates.extend(candidates_in(module, package))
    return Search(candidates=tuple(candidates), failures=tuple(failures), searched=tuple(searched))


def candidates_in(module: ModuleType, package: str) -> list[Candidate]:
    """Return the orchestrator classes of a module by name, then its builder."""
    found = [
        Candidate(kind="orchestrator", target=value, package=package, module=module.__name__)
        for name, value in sorted(vars(module).items())
        if name.endswith(CLASS_SUFFIX) and is_orchestrator_class(value)
    ]
    builder = vars(module).get(BUILDER_NAME)
    if inspect.isfunction(builder):
        found.append(Candidate(kind="builder", target=builder, package=package, module=module.__name__))
    return found


def candidate_for(target: Target, package: str, module: ModuleType) -> Candidate:
    """Return the candidate for something the user named: a class with `execute`, else a builder."""
    return Candidate(
        kind="orchestrator" if is_orchestrator_class(target) else "builder",
        target=target,
        package=package,
        module=module.__name__,
    )


def is_orchestrator_class(value: object) -> bool:
    """Return whether this is a class with an async `execute`."""
    return isinstance(value, type) and inspect.iscoroutinefunction(getattr(value, "execute", None))


def _module_names(package: str) -> list[str]:
    return [package if name == "__init__" else f"{package}.{name}" for name in SEARCHED_MODULES]
