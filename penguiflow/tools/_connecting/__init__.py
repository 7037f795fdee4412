"""One connection to a server: what a config means, opening it, watching it, explaining failures."""
