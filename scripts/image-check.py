#!/usr/bin/env python3
"""Looks at the container image without running a role: size, settings, labels, that
nothing is in it but libraries and oc, that the list of crates (target/image/
oc.sbom.json) names all that the program was made of, and what a build may read.
scripts/image-check.sh calls it, which knows the engine.
"""

import gzip
import io
import json
import pathlib
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import zlib

ENGINE, IMAGE = sys.argv[1:3]
SIZE_MAX = 60_000_000
SBOM = pathlib.Path("target/image/oc.sbom.json")
# Dependencies of tests; a test of the test is that Cargo.toml still names them there.
ONLY_IN_TESTS = {"rcgen", "proptest", "jsonschema", "rqrr"}
PROGRAM = "usr/local/bin/oc"

failures = []


def check(holds, rule):
    if not holds:
        failures.append(rule)


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **options).stdout


def settings():
    """User, labels and the like, as `docker run` will use them."""
    found = json.loads(run(ENGINE, "image", "inspect", IMAGE))[0]
    config = found["Config"]
    check(config.get("User") == "65532:65532", f"runs as {config.get('User')!r}, not as 65532:65532")
    check(config.get("Entrypoint") == ["oc"], f"entrypoint {config.get('Entrypoint')}")
    check(config.get("Cmd") == ["--help"], f"command {config.get('Cmd')}")
    check(config.get("StopSignal") in ("SIGTERM", "15"), f"stop signal {config.get('StopSignal')!r}")
    check(list(config.get("ExposedPorts", {})) == ["8080/tcp"], f"ports {config.get('ExposedPorts')}")
    environment = config.get("Env", [])
    check("HOST=0.0.0.0" in environment and "PORT=8080" in environment, f"environment {environment}")
    secrets = [line for line in environment if re.search("SECRET|PASSWORD|TOKEN|_KEY|DATABASE_URL", line)]
    check(not secrets, "secrets in the environment")
    health = config.get("Healthcheck") or found.get("Healthcheck") or found.get("HealthCheck") or {}
    check(health.get("Test") == ["CMD", "oc", "healthcheck"], f"health check {health}")
    labels = config.get("Labels") or {}
    for name in ("title", "description", "licenses", "version", "revision", "base.name"):
        check(labels.get(f"org.opencontainers.image.{name}"), f"label {name} is missing or empty")
    check("org.opencontainers.image.source" in labels, "label source is missing")
    return labels


def files():
    """All of the file system, as the engine would mount it."""
    container = run(ENGINE, "create", IMAGE).decode().strip()
    try:
        return tarfile.open(fileobj=io.BytesIO(run(ENGINE, "export", container)))
    finally:
        run(ENGINE, "rm", container)


def contents(archive):
    regular = [member for member in archive.getmembers() if member.isfile()]
    names = {member.name.removeprefix("./"): member for member in archive.getmembers()}
    programs = [n for n, m in names.items() if not m.isdir() and re.search(r"(^|/)s?bin/[^/]+$", n)]
    check(programs == [PROGRAM], f"programs beside oc: {sorted(set(programs) - {PROGRAM})[:9]}")
    shells = [n for n in names if re.fullmatch(r"(ba|da|k|z|fi|a)?sh|busybox|toybox|apt(-get)?|dpkg|perl|python3?", n.rsplit("/", 1)[-1])
              and not names[n].isdir()]
    check(not shells, f"shells or package managers: {shells[:9]}")
    check(not [m.name for m in regular if m.mode & 0o6000], "a file with setuid or setgid")
    check("etc/ssl/certs/ca-certificates.crt" in names, "no certificates of authorities")
    check(names[PROGRAM].mode & 0o777 == 0o755 and names[PROGRAM].uid == 0, "oc is not a program of root that all may run")
    check("usr/share/doc/oc/LICENSE" in names, "no licence")
    return regular, archive.extractfile(names[PROGRAM]).read()


def crates_of(program):
    """What `cargo auditable` has written into the section .dep-v0 of an ELF file."""
    start, = struct.unpack_from("<Q", program, 40)
    size, count, names_at = struct.unpack_from("<HHH", program, 58)
    sections = [struct.unpack_from("<IIQQQQ", program, start + i * size) for i in range(count)]
    names = sections[names_at][4]
    for name, _, _, _, offset, length in sections:
        if program[names + name:].startswith(b".dep-v0\0"):
            listed = json.loads(zlib.decompress(program[offset:offset + length]))
            return {(p["name"], p["version"]) for p in listed["packages"] if p.get("kind") != "build" and not p.get("root")}
    check(False, "oc does not list its crates")
    return set()


def bill_of_materials(crates):
    bill = json.loads(SBOM.read_text())
    check(bill["bomFormat"] == "CycloneDX" and bill["metadata"]["component"]["name"] == "oc", "not a list of oc's crates")
    listed = {(component["name"], component["version"]) for component in bill["components"]}
    check(crates <= listed, f"not in {SBOM}: {sorted(crates - listed)[:9]}")
    check("actix-web" in {name for name, _ in listed & crates}, "actix-web is not in the list")
    needed_by_tests = pathlib.Path("Cargo.toml").read_text().split("[dev-dependencies]")[1].split("\n[")[0]
    check(all(f"\n{name} =" in needed_by_tests for name in ONLY_IN_TESTS), "ONLY_IN_TESTS is out of date")
    for where, found in (("the list", listed), ("the program", crates)):
        check(not ONLY_IN_TESTS & {name for name, _ in found}, f"what only tests need is in {where}")
    unlicensed = [c["name"] for c in bill["components"] if not c.get("licenses")]
    check(not unlicensed, f"crates without a licence: {unlicensed[:9]}")
    return len(listed)


def context():
    """Of everything that may lie around, a build reads only the sources."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / ".dockerignore").write_text(pathlib.Path(".dockerignore").read_text())
        wanted = {"Cargo.toml", "src/main.rs", "templates/client/page.html"}
        unwanted = {".env", ".git/config", ".oc/postgres/data/base", "target/release/oc", "secrets/key.pem", "src/.env.local",
                    "notes.txt", "kubeconfig", "docs/IMAGE.md"}
        for name in wanted | unwanted:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("x")
        (root / "Dockerfile").write_text("FROM scratch\nCOPY . /\nCMD [\"/\"]\n")
        tag = "localhost/oc-context:check"
        run(ENGINE, "build", "--quiet", "--tag", tag, folder)
        try:
            container = run(ENGINE, "create", tag).decode().strip()
            archive = tarfile.open(fileobj=io.BytesIO(run(ENGINE, "export", container)))
            run(ENGINE, "rm", container)
        finally:
            run(ENGINE, "rmi", tag)
        # Docker adds empty files that it mounts something over.
        found = {member.name.removeprefix("./") for member in archive.getmembers() if member.isfile() and member.size > 0}
        check(found == wanted, f"a build reads {sorted(found ^ wanted)}")


labels = settings()
archive = files()
regular, program = contents(archive)
total = sum(member.size for member in regular)
check(total < SIZE_MAX, f"{total:,} bytes, more than {SIZE_MAX:,}")
said = run(ENGINE, "run", "--rm", IMAGE, "--version").decode().strip()
version, revision = (labels.get(f"org.opencontainers.image.{name}", "") for name in ("version", "revision"))
check(said.startswith(f"oc {version} (revision {revision}, roles: "), f"oc says {said!r}, the labels {version} and {revision}")
listed = bill_of_materials(crates_of(program))
context()

compressed = len(gzip.compress(run(ENGINE, "save", IMAGE), 6))
print(f"image-check: {said}" + ("; ON A STAND-IN, NOT THE REAL BASE" if labels.get("oc.stand-in") else ""))
for what, size in (("program", len(program)), ("base", total - len(program)), ("image", total), ("compressed", compressed)):
    print(f"  {what:<12}{size / 1e6:8.1f} MB")
print(f"  {'crates':<12}{listed:8}")
for failure in failures:
    print(f"image-check: FAILED: {failure}", file=sys.stderr)
sys.exit(bool(failures))
