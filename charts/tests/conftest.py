"""What the tests share: the chart, rendered for every case that it has to serve."""

import functools
import json
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "oc"
HELM = subprocess.run([ROOT / "scripts" / "helm.sh", "--path"], capture_output=True, text=True, check=True).stdout.strip()
ROLES = ("provider", "client")
# The one in C, where it is there, takes a tenth of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OLDEST, NEWEST = "1.31.0", "1.37.0"
# Long enough and drawn at random; never used for anything.
LOCAL = {"secrets.data.FIELD_ENCRYPTION_KEY": "q0Jmd4mFGxQ0T2Xq9o5Nf1yB7uKZ3rWcVtLhAeYpSgE=",
         "secrets.data.ACCESS_CODE_KEY": "Vn3sKd8Qy2LxRf7TgPb0WmHc5JzUe9AoXi4NqBt6GvE=",
         "secrets.data.JWT_SECRET": "kT3yVw9xQe2ZrB7uLmN0aHsJd5fGcPq1",
         "secrets.data.SERVICE_TOKEN_SECRET": "Wq8nRz4bXv1MjK6tYpD3sEoU7hAiCl2F",
         "secrets.data.DATABASE_URL": "postgres://oc:hunter2@postgres.databases.svc:5432/oc"}


def helm(*arguments):
    """Runs Helm; returns its exit code, its answer and its complaints."""
    ended = subprocess.run([HELM, *arguments], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def options(files=(), values=(), strings=()):
    """Values as Helm takes them: files in charts/oc, JSON by path, text by path."""
    found = [f"--values={CHART / file}" for file in files]
    found += [f"--set-json={path}={json.dumps(value)}" for path, value in dict(values).items()]
    return found + [f"--set-string={path}={text}" for path, text in dict(strings).items()]


@functools.cache
def _rendered(arguments, chart):
    return helm("template", "oc", str(chart), *arguments)


def render_text(role, *files, values=(), strings=(), version=NEWEST, upgrade=False, namespace=None, chart=CHART):
    """What Helm makes of a release of a role, with its smallest values below all others: code, text, complaints."""
    arguments = options((f"ci/{role}-values.yaml", *files), values, strings)
    arguments += [f"--kube-version={version}", f"--namespace={namespace or 'oc-' + role}"]
    return _rendered(tuple(arguments + ["--is-upgrade"] * upgrade), chart)


@functools.cache
def _parsed(text):
    return tuple(document for document in yaml.load_all(text, LOADER) if document)


def render(role, *files, **given):
    """The objects of a release of a role."""
    code, out, err = render_text(role, *files, **given)
    assert code == 0, err
    return list(_parsed(out))


def refusal(role, values=(), strings=(), files=()):
    """Why Helm refuses these values."""
    code, _, err = render_text(role, *files, values=values, strings=strings)
    assert code != 0, f"{values} {strings} were accepted"
    return err


def one(objects, kind, suffix=""):
    """The only object of a kind, or the one whose name ends so."""
    found = [o for o in objects if o["kind"] == kind and o["metadata"]["name"].endswith(suffix)]
    assert len(found) == 1, [o["metadata"]["name"] for o in found]
    return found[0]


def kinds(objects):
    return [o["kind"] for o in objects]


def pods(objects):
    """Every pod template, as (name of its object, metadata, spec)."""
    for o in objects:
        if o["kind"] == "Pod":
            yield o["metadata"]["name"], o["metadata"], o["spec"]
        elif "template" in (o.get("spec") or {}):
            yield o["metadata"]["name"], o["spec"]["template"]["metadata"], o["spec"]["template"]["spec"]


def containers(spec):
    return spec.get("initContainers", []) + spec["containers"]


def features():
    return sorted(p.name for p in (CHART / "ci").glob("*-values.yaml") if p.name.split("-")[0] not in ROLES)


# Every way in which the chart is installed: what is shipped, and each feature with each role.
CASES = {f"{role} {feature.removesuffix('-values.yaml')}": (role, (f"ci/{feature}",), ())
         for role in ROLES for feature in features()}
CASES |= {role: (role, (), ()) for role in ROLES}
CASES |= {f"{role} in production": (role, (f"values-{role}.yaml",), ()) for role in ROLES}
CASES |= {f"{role} in staging": (role, (f"values-{role}.yaml", "values-staging.yaml"), ()) for role in ROLES}
CASES |= {f"{role} locally": (role, ("values-local.yaml",), (("secrets.existingSecret", ""), *LOCAL.items()))
          for role in ROLES}


@pytest.fixture(params=CASES)
def case(request):
    """Each case: its role and its objects, after an installation."""
    role, files, strings = CASES[request.param]
    return role, render(role, *files, strings=strings)
