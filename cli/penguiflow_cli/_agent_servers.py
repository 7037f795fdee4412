"""Tool servers that a person gives to an agent for `run` and `tui`, from files, once they may be started.

The files are those of `--mcp-config`, and with `--project-servers` the project's own `.mcp.json` and
`mcp.json`. Whatever a file names is started only after a person has seen what that would be.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from penguiflow.registry import ModelRegistry
from penguiflow.tools.config import AuthType, ExternalToolConfig
from penguiflow.tools.errors import ToolConnectionError
from penguiflow.tools.node import ToolNode
from penguiflow.tools.oauth import FileTokenStore, LoopbackRedirect, OAuthManager, keyring_or_memory
from penguiflow.tools.project import ServerEntry, ServerFiles, read_servers
from penguiflow.tools.review import ToolPins
from penguiflow.tools.trust import TrustQuestion, TrustStore, TrustStoreError, sort_by_trust
from penguiflow_cli._tools_error import usage_error
from penguiflow_cli._tools_open import may_have_sign_in
from penguiflow_cli._tools_places import PersonalFolder
from penguiflow_cli._tools_servers import broken_file

Tell: TypeAlias = Callable[[str], None]
"""Tells a person one line about what is going on."""

AskTrust: TypeAlias = Callable[[TrustQuestion, ServerEntry, TrustStore], Awaitable[bool]]
"""Asks about one server, keeps the answer in the store, and returns whether it may be started now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerChoice:
    """Which files the person named."""

    mcp_config: Sequence[Path] = ()
    project_servers: bool = False

    def files(self, project_root: Path) -> ServerFiles:
        """Return the servers of these files and of no others.

        Raises:
            CommandError: a file that was named cannot be read.
        """
        named = [path.absolute() for path in self.mcp_config]
        found = read_servers(project_root, named)
        if self.project_servers:
            wanted = found
        else:
            wanted = ServerFiles(
                entries=tuple(entry for entry in found.entries if entry.source in named),
                problems=tuple(problem for problem in found.problems if problem.path in named),
            )
        if wanted.problems:
            raise broken_file(wanted.problems[0])
        return wanted


class AgentServers:
    """The servers that may be started, and those that are shown as switched off; closed after the agents."""

    def __init__(
        self,
        started: Sequence[ServerEntry],
        switched_off: Sequence[ServerEntry],
        *,
        pins: ToolPins,
        manager: OAuthManager | None,
    ) -> None:
        self._started = started
        self._switched_off = switched_off
        self._pins = pins
        self._manager = manager

    @property
    def manager(self) -> OAuthManager | None:
        """Who signs the person in, where a server wants that."""
        return self._manager

    def nodes(self) -> Sequence[ToolNode]:
        """Return new connections for one agent, which closes them; nothing is started yet."""
        registry = ModelRegistry()
        started = [
            ToolNode(entry.config, registry, self._manager, review=self._pins)
            for entry in self._started
            if entry.config is not None
        ]
        switched_off = [
            _UnaskedServer(entry.config, registry, entry)
            for entry in self._switched_off
            if entry.config is not None
        ]
        return [*started, *switched_off]

    async def aclose(self) -> None:
        """Stop waiting for people who sign in."""
        if self._manager is not None:
            await self._manager.aclose()


class _UnaskedServer(ToolNode):
    """A server that a file switches off: nobody was asked whether it may be started."""

    def __init__(self, config: ExternalToolConfig, registry: ModelRegistry, entry: ServerEntry) -> None:
        super().__init__(config, registry)
        self._entry = entry

    async def set_enabled(self, enabled: bool) -> None:
        if enabled:
            raise ToolConnectionError(
                f"`{self.name}` is switched off in its file, and nobody was asked whether it may be started",
                hint=f"switch it on in {self._entry.source}; it is asked for at the next start",
            )


async def servers_of_choice(
    choice: ServerChoice, project_root: Path, folder: PersonalFolder, *, ask: AskTrust, tell: Tell
) -> AgentServers:
    """Return the servers the person chose, after asking about those that were not allowed yet.

    Raises:
        CommandError: a file or the list of decisions cannot be read, or `ask` raised it.
    """
    files = choice.files(project_root)
    for entry in files.entries:
        for line in (entry.problem, *entry.notes):
            if line:
                tell(f"{entry.source}: {line}")
    store = TrustStore(folder.trusted_servers)
    try:
        started, switched_off = await _sorted(files.entries, store, ask, tell)
    except TrustStoreError as exc:
        raise usage_error(
            exc.message, exc.hint or "correct the file, or remove it.", code="bad_file"
        ) from exc
    return AgentServers(
        started,
        switched_off,
        pins=ToolPins(folder.approved_tools, scope=str(project_root)),
        manager=await _manager([entry.config for entry in started if entry.config is not None], folder, tell),
    )


async def _sorted(
    entries: Sequence[ServerEntry], store: TrustStore, ask: AskTrust, tell: Tell
) -> tuple[Sequence[ServerEntry], Sequence[ServerEntry]]:
    by_trust = sort_by_trust(entries, store)
    by_name = {entry.name: entry for entry in entries}
    allowed = {entry.name for entry in by_trust.trusted}
    for question in by_trust.questions:
        if await ask(question, by_name[question.name], store):
            allowed.add(question.name)
        else:
            tell(f"`{question.name}` is not started")
    for entry in by_trust.refused:
        again = f"`penguiflow tools connect {entry.name}` asks again"
        tell(f"`{entry.name}` is not started, because you refused it; {again}")
    return [entry for entry in entries if entry.name in allowed], by_trust.disabled


async def _manager(
    configs: Sequence[ExternalToolConfig], folder: PersonalFolder, tell: Tell
) -> OAuthManager | None:
    if not any(config.auth_type is AuthType.OAUTH2_USER or may_have_sign_in(config) for config in configs):
        return None
    hosts = [host for config in configs for host in config.allowed_hosts]
    if folder.tokens.exists():
        return OAuthManager(
            token_store=FileTokenStore(folder.tokens), redirect=LoopbackRedirect(), allowed_hosts=hosts
        )
    store, why_not = await keyring_or_memory()
    if why_not is not None:
        tell(f"sign-ins are kept until the program ends: {why_not}")
    return OAuthManager(token_store=store, redirect=LoopbackRedirect(), allowed_hosts=hosts)
