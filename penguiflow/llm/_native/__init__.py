"""From the planner's JSON protocol to tools that a provider calls itself, and back. Functions of values."""
