"""One module per command: its arguments and help. The work begins in modules imported when it runs."""
