"""The command line of PenguiFlow: `penguiflow tui`, `run` and `tools`.

Commands parse, call the library and show. stdout carries data only and is written by `_output`; messages
go to stderr through `_errors`; what a command's exit code means stands in `exit_codes`. Nothing heavy is
imported before a command runs, so that `--help` and shell completion answer at once.
"""

__all__: list[str] = []
