"""Documents of servers: listed, read, kept, watched, and offered to planners as tools."""
