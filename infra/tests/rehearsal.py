"""Runs a script with stand-ins for the programs that would touch a cluster, and tells what it asked of them."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Writes down how it was called and what came in, then does what the rehearsal says.
STAND_IN = r"""#!/usr/bin/env bash
name=$(basename "$0")
if [ "$name $1" = "helm version" ]; then echo v4.2.3; exit 0; fi
printf '%s %s\n' "$name" "$*" >>"$REHEARSAL/calls"
cat >/dev/null
source "$REHEARSAL/behaviour"
behave "$name" "$@"
"""


def rehearse(place, script, *arguments, behaviour="behave() { :; }", programs=("helm", "kubectl"), **environment):
    """Exit code, calls in order, and output."""
    folder = place / "bin"
    folder.mkdir(exist_ok=True)
    for name in programs:
        (folder / name).write_text(STAND_IN)
        (folder / name).chmod(0o755)
    (place / "behaviour").write_text(behaviour)
    calls = place / "calls"
    calls.unlink(missing_ok=True)
    known = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(place), "REHEARSAL": str(place)}
    result = subprocess.run(
        [ROOT / script, *arguments], env={**known, **environment}, text=True, capture_output=True,
        stdin=subprocess.DEVNULL, timeout=300, check=False,
    )
    made = calls.read_text().splitlines() if calls.exists() else []
    return result.returncode, made, result.stdout + result.stderr


def order(calls, *parts):
    """The calls that hold one of the parts, as these parts, in the order in which they were made."""
    return [part for call in calls for part in parts if part in call]
