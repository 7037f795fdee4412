"""Importing the user's code, and saying where it broke.

AgentError
├── NoAgentFoundError   there is nothing that looks like an agent
└── AgentLoadError      there is something, but it cannot be imported or built
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

_ResultT = TypeVar("_ResultT")


class AgentError(Exception):
    """There is no agent to work with. `hint` says what to do next."""

    code = "agent"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class NoAgentFoundError(AgentError):
    """The project holds neither an orchestrator class nor a `build_planner` function."""

    code = "no_agent_found"


class AgentLoadError(AgentError):
    """The agent's code failed; the message names the module, the error and the line of the user's code."""

    code = "agent_load_failed"


def add_to_path(project_root: Path) -> Path:
    """Make the project's packages importable and return the folder they lie in: `src`, else the root."""
    source = project_root / "src"
    folder = source if source.is_dir() else project_root
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    return folder


def module_exists(name: str) -> bool:
    """Return whether there is such a module, without running it; its parent package must be imported."""
    return name in sys.modules or importlib.util.find_spec(name) is not None


def import_user_module(name: str, project_root: Path) -> ModuleType:
    """Import a module of the user.

    Raises:
        AgentLoadError: there is no such module, or its code or code it imports failed.
    """

    def work() -> ModuleType:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise  # the module exists, one that it imports does not
            raise AgentLoadError(
                f"there is no module `{error.name}` in `{project_root}`",
                hint="give package.module:name or path/to/file.py:name",
            ) from error

    return run_user_code(work, f"module `{name}`", project_root)


def import_user_file(path: Path, project_root: Path) -> ModuleType:
    """Import a Python file that belongs to no package.

    Raises:
        AgentLoadError: there is no such file, or its code failed.
    """
    if not path.is_file():
        raise AgentLoadError(f"there is no file `{path}`", hint="give FILE.py:NAME or package.module:NAME")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise AgentLoadError(f"`{path}` is no Python file", hint="its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    loader = spec.loader
    run_user_code(lambda: loader.exec_module(module), f"file `{path}`", project_root)
    return module


def run_user_code(work: Callable[[], _ResultT], what: str, project_root: Path) -> _ResultT:
    """Do something that runs the user's code.

    Raises:
        AgentLoadError: the code failed or called `sys.exit`; names `what` and the place.
    """
    try:
        return work()
    except AgentError:
        raise
    except (Exception, SystemExit) as error:
        raise load_error(what, error, project_root) from error


def load_error(what: str, error: BaseException, project_root: Path) -> AgentLoadError:
    """Return the error that tells a person what broke and where."""
    last_line = traceback.format_exception_only(error)[-1].strip()
    place = _place(error, project_root)
    return AgentLoadError(f"{what} failed: {last_line}" + (f" ({place})" if place else ""), hint=_hint(error))


def _place(error: BaseException, project_root: Path) -> str | None:
    """Return the innermost line of the project's own code, else the innermost line."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    trace = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in trace if not frame.filename.startswith("<")]
    own = [frame for frame in frames if _is_own(Path(frame.filename), project_root)]
    innermost = (own or frames)[-1:]
    return f"{innermost[0].filename}:{innermost[0].lineno}" if innermost else None


def _is_own(file: Path, project_root: Path) -> bool:
    return file.is_relative_to(project_root) and "site-packages" not in file.parts


def _hint(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install the package that provides `{error.name}` into this environment"
    if isinstance(error, SystemExit):
        return 'keep what runs on import behind `if __name__ == "__main__":`'
    return "run the file with python to see the whole traceback"


def attribute_of(module: ModuleType, name: str) -> Any:  # whatever the user's module holds there
    """Return a module's attribute.

    Raises:
        AgentLoadError: there is none; names what could be meant.
    """
    if hasattr(module, name):
        return getattr(module, name)
    public = ", ".join(f"`{each}`" for each in sorted(vars(module)) if not each.startswith("_"))
    raise AgentLoadError(f"module `{module.__name__}` has no `{name}`", hint=f"it has: {public or 'nothing'}")
