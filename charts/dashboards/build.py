#!/usr/bin/env python3
"""Writes the dashboards of Grafana to charts/oc/dashboards/. With --check it writes nothing and
tells which are not as they would be written."""

import json
import sys
from pathlib import Path

import access
import delivery
import overview
import process

FOLDER = Path(__file__).resolve().parents[1] / "oc" / "dashboards"
ALL = {"overview": overview, "delivery": delivery, "access": access, "process": process}


def texts():
    """Every dashboard as the text of its file, by the file's name."""
    return {f"{name}.json": json.dumps(module.build(), indent=2, ensure_ascii=False) + "\n" for name, module in ALL.items()}


def main():
    wanted = texts()
    there = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    if "--check" in sys.argv[1:]:
        stale = sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))
        sys.exit(f"not current: {', '.join(stale)}; run charts/dashboards/build.py" if stale else 0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in there.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text)
        print(FOLDER / name)


if __name__ == "__main__":
    main()
