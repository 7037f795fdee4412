"""What a node offers to the planner of what its server offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from penguiflow.catalog import NodeSpec
from penguiflow.registry import ModelRegistry
from penguiflow.tools._connecting.plan import target_text
from penguiflow.tools._connecting.session import RemoteTool
from penguiflow.tools._node.specs import CallTool, Origin, register_specs, specs_of_tools
from penguiflow.tools._resources.of_node import NodeResources
from penguiflow.tools._resources.tools import resource_specs
from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.review import ToolChange, ToolReview


class ServerCatalog:
    """The tools that were discovered last; those that changed unapproved are left out."""

    def __init__(
        self,
        config: ExternalToolConfig,
        registry: ModelRegistry,
        *,
        tool_node: object,
        call: CallTool,
        review: ToolReview | None,
        resources: NodeResources,
    ) -> None:
        self._config = config
        self._registry = registry
        self._tool_node = tool_node
        self._call = call
        self._review = review
        self._resources = resources
        self._origin = Origin(name=config.name, target=target_text(config))
        self.clear()

    @property
    def held_back(self) -> tuple[str, ...]:
        """The tools that are left out until somebody approves what they are now."""
        return tuple(name for name, change in self.changes.items() if change.held_back)

    def clear(self) -> None:
        """Offer nothing."""
        self.tools: Sequence[RemoteTool] = ()
        self.specs: Sequence[NodeSpec] = ()
        self.changes: Mapping[str, ToolChange] = {}

    def take(self, tools: Sequence[RemoteTool]) -> None:
        """Take what the server offers.

        Raises:
            ToolNodeError: a name is taken, or there twice; nothing is changed then.
        """
        self._offer(tools, self._changes_in(tools))

    def approve(self, names: Collection[str] | None) -> None:
        """Offer the changed tools of these names too; all of them without names."""
        if self._review is None or not self.changes:
            return
        reviewed = [change for name, change in self.changes.items() if names is None or name in names]
        self._review.approve_changes(reviewed)
        self._offer(self.tools, self._changes_in(self.tools))

    def _changes_in(self, tools: Sequence[RemoteTool]) -> Mapping[str, ToolChange]:
        if self._review is None:
            return {}
        return self._review.changes(self._config.name, tools)

    def _offer(self, tools: Sequence[RemoteTool], changes: Mapping[str, ToolChange]) -> None:
        held_back = {name for name, change in changes.items() if change.held_back}
        offered = [tool for tool in tools if tool.name not in held_back]
        specs = specs_of_tools(
            self._config, offered, origin=self._origin, tool_node=self._tool_node, call=self._call
        )
        if self._resources.offers_any:
            specs += resource_specs(
                self._resources,
                namespace=self._config.name,
                origin=self._origin,
                tool_node=self._tool_node,
                taken=[spec.name for spec in specs],
            )
        register_specs(specs, self._registry, origin=self._origin)
        self.tools, self.specs, self.changes = tools, specs, changes
