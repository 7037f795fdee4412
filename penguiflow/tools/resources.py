"""Resources of MCP servers: what one is, and keeping and watching what was read.

`ToolNode` has one `ResourceCache` and one `ResourceSubscriptionManager`; both work without it.
"""

from __future__ import annotations

from penguiflow.tools._resources.cache import ResourceCache, ResourceCacheConfig
from penguiflow.tools._resources.subscriptions import ResourceSubscription, ResourceSubscriptionManager
from penguiflow.tools._resources.values import (
    ResourceContents,
    ResourceInfo,
    ResourceTemplateInfo,
    ResourceUpdated,
)

__all__ = [
    "ResourceCache",
    "ResourceCacheConfig",
    "ResourceContents",
    "ResourceInfo",
    "ResourceSubscription",
    "ResourceSubscriptionManager",
    "ResourceTemplateInfo",
    "ResourceUpdated",
]
