"""Whether a server that a file names may be started."""
