"""How full and how busy a flow is at one moment; taking such a picture costs one pass over the edges.

Named tuples, since every `import penguiflow` would pay for building data classes.
"""

from __future__ import annotations

from typing import NamedTuple


class FloeStatistics(NamedTuple):
    """One edge.

    `capacity` is None when unbounded. `reserved` counts places that are granted to producers who have not
    used them yet, `taken` the items that have left.
    """

    source: str
    target: str
    depth: int
    reserved: int
    capacity: int | None
    waiting_producers: int
    taken: int


class ContextStatistics(NamedTuple):
    """One node or end of the flow.

    `in_flight` counts the items its node works on, `max_concurrency` how many it may work on at once
    (0 for the ends of the flow), `waiting_consumers` those who wait for an item.
    """

    owner: str
    depth_in: int
    depth_out: int
    in_flight: int
    max_concurrency: int
    waiting_consumers: int
    waiting_producers: int
    taken: int


class FlowStatistics(NamedTuple):
    """The whole flow. `dropped_events` counts what was too much for a slow state store or message bus."""

    running: bool
    traces: int
    queued: int
    in_flight: int
    waiting_producers: int
    dropped_events: int
    contexts: tuple[ContextStatistics, ...]
    floes: tuple[FloeStatistics, ...]
