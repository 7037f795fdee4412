"""Ready-made pieces for flows: routers, a join, and a concurrent map for use inside a node.

`predicate_router`, `union_router` and `join_k` return ordinary nodes with `validate="none"`, so they
need no registry entry and see whatever travels: envelopes as well as bare items.
"""

from __future__ import annotations

from penguiflow._patterns.join import join_k
from penguiflow._patterns.map_concurrent import map_concurrent
from penguiflow._patterns.routers import predicate_router, union_router

__all__ = ["join_k", "map_concurrent", "predicate_router", "union_router"]
