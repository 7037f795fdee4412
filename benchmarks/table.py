"""The whole speed table: every row with its baseline of the same run, and whether it is what is required.

    python benchmarks/table.py [--quick] [--loop uvloop] [--only hops streams ...]

Each script runs in a process of its own, one after the other. Takes about two minutes.
"""

from __future__ import annotations

import platform
from importlib import import_module

from fresh import in_new_process
from options import Options, from_arguments, parser
from rows import Measure, Row, table

SCRIPTS = ("hops", "fanout", "loops", "streams", "parked", "cancels", "imports")


def rows_of(script: str, options: Options) -> list[Row]:
    """Measure the rows of one script in this process."""
    measure: Measure = import_module(script).measure
    return measure(options)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--only", nargs="+", choices=SCRIPTS, default=SCRIPTS, help="some scripts only")
    chosen = arguments.parse_args()
    options = from_arguments(chosen)
    rows = [row for script in chosen.only for row in in_new_process(rows_of, script, options)]
    print(f"Python {platform.python_version()}, {options.loop} loop; CPU time, memory: resident")
    print(table(rows))


if __name__ == "__main__":
    main()
