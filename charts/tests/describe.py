#!/usr/bin/env python3
"""Writes what is derived: the table of values in charts/oc/README.md, out of the comments
of values.yaml, and the names of settings in values.schema.json, out of the program.
With --check nothing is written, and it fails if something is not up to date."""

import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "oc"
BEGIN, END = "<!-- values:begin -->", "<!-- values:end -->"

# The chart says these itself: they must fit to ports and probes, or are Secrets.
OF_THE_CHART = {"PORT", "METRICS_PORT", "DATABASE_URL"}
# Read by the program, and no setting of the table in .env.example.
VARIABLES = {"RUST_LOG", "LOG_FORMAT", "METRICS_PORT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER_ARG",
             "OTEL_SERVICE_NAME"}
SECRET_VARIABLES = {"OTEL_EXPORTER_OTLP_HEADERS"}


def settings():
    """The names of all settings of the program."""
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", text, re.M)) | VARIABLES | SECRET_VARIABLES


def secret_settings():
    """The names of those that are secret."""
    text = (ROOT / "src/config/settings.rs").read_text()
    return set(re.findall(r'secret: true,\s*\.\.setting\(\s*"([A-Z0-9_]+)"', text)) | SECRET_VARIABLES


def described():
    """Every value that has a comment beginning with `# --`, as (path, default, text), in the order of the file."""
    lines = (CHART / "values.yaml").read_text().splitlines()
    values = yaml.safe_load("\n".join(lines))
    path, comment, found = [], None, []
    for line in lines:
        if match := re.match(r"\s*# -- (.+)", line):
            comment = match[1]
        elif match := re.match(r"(\s*)([A-Za-z][A-Za-z0-9_]*):", line):
            depth = len(match[1]) // 2
            path = path[:depth] + [match[2]]
            if comment:
                default = values
                for part in path:
                    default = default[part]
                found.append((tuple(path), default, comment))
            comment = None
    return found


def table():
    """The table of all values."""
    rows = ["| Value | Default | What it is |", "|---|---|---|"]
    for path, default, text in described():
        shown = json.dumps(default, ensure_ascii=False)
        shown = f"`{shown}`" if len(shown) <= 60 else "see values.yaml"
        rows.append(f"| `{'.'.join(path)}` | {shown.replace('|', chr(92) + '|')} | {text.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def readme():
    """README.md with the table of today."""
    text = (CHART / "README.md").read_text()
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


def schema():
    """values.schema.json with the names of today."""
    whole = json.loads((CHART / "values.schema.json").read_text())
    secret = secret_settings()
    whole["$defs"]["settingName"]["enum"] = sorted(settings() - secret - OF_THE_CHART)
    whole["$defs"]["secretName"]["enum"] = sorted(secret - OF_THE_CHART)
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def outdated():
    """The files that are not as they would be written."""
    files = {CHART / "README.md": readme(), CHART / "values.schema.json": schema()}
    return {path: text for path, text in files.items() if path.read_text() != text}


if __name__ == "__main__":
    stale = outdated()
    for path, text in stale.items():
        if "--check" in sys.argv:
            print(f"{path.relative_to(ROOT)} is not up to date; run: make chart-docs")
        else:
            path.write_text(text)
            print(f"{path.relative_to(ROOT)} written")
    sys.exit(bool(stale) and "--check" in sys.argv)
