"""What `import penguiflow` costs: CPU time of a whole process, against the imports it cannot do without.

    python benchmarks/imports.py [--quick]

`import pydantic` loads little before its first use, and so may we. The second row counts what comes with
the first use: the names of a small flow, against one pydantic model.
"""

from __future__ import annotations

import statistics
import sys

from options import Options
from processes import run_to_end
from rows import Limit, Row, main

FLOOR = "import asyncio, pydantic"
OURS = "import penguiflow"
FIRST_MODEL = "import asyncio\nfrom pydantic import BaseModel\nclass Text(BaseModel):\n    text: str"
FIRST_NAMES = "from penguiflow import Context, Headers, Message, Node, NodePolicy, create"


def cpu_ms(programs: list[str], *, repeat: int) -> list[float]:
    """Run each program once unmeasured, then all in turn, and return a median per program."""
    samples: list[list[float]] = [[] for _ in programs]
    for turn in range(repeat + 1):
        for program, costs in zip(programs, samples, strict=True):
            cost = run_to_end([sys.executable, "-c", program])
            if turn:  # the first start writes the byte code
                costs.append(cost.cpu_ms)
    return [statistics.median(costs) for costs in samples]


def measure(options: Options) -> list[Row]:
    repeat = 1 if options.quick else 11
    floor, ours, model, names = cpu_ms([FLOOR, OURS, FIRST_MODEL, FIRST_NAMES], repeat=repeat)
    limit = Limit(of="ratio", required=1.4, aim=1.15)
    return [
        Row(
            name="`import penguiflow` / asyncio, pydantic",
            unit="ms",
            measured=ours,
            baseline=floor,
            limit=limit,
        ),
        Row(name="first names of a flow / first model", unit="ms", measured=names, baseline=model),
    ]


if __name__ == "__main__":
    main(measure, __doc__)
