"""Check that a wheel carries the import packages, their data and the console scripts, and nothing else."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

SOURCES = {
    "penguiflow": "penguiflow",
    "penguiflow_tui": "tui/penguiflow_tui",
    "penguiflow_cli": "cli/penguiflow_cli",
}
PACKAGES = set(SOURCES)
SCRIPTS = {"penguiflow", "penguiflow-admin"}


def complaints(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = next(name for name in names if name.endswith(".dist-info/entry_points.txt"))
        scripts = {
            line.split("=")[0].strip()
            for line in archive.read(entry_points).decode().splitlines()
            if "=" in line
        }
    top_level = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    wanted = {
        f"{package}/{path.relative_to(folder).as_posix()}"
        for package, folder in SOURCES.items()
        for path in Path(folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    found = [f"top level: {sorted(top_level)} instead of {sorted(PACKAGES)}"] if top_level != PACKAGES else []
    found += [f"scripts: {sorted(scripts)} instead of {sorted(SCRIPTS)}"] if scripts != SCRIPTS else []
    return found + [f"missing: {name}" for name in sorted(wanted - names)]


if __name__ == "__main__":
    found = complaints(Path(sys.argv[1]))
    sys.exit("\n".join(found) or 0)
