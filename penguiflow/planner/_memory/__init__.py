"""The conversation memory of the planner: what earlier turns said, bounded, summarised and kept per key."""
