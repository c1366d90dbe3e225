"""The scripts of a release, rehearsed."""

import pathlib
import shutil
import subprocess

import pytest

from rehearsal import ROOT, rehearse

NOTES = """# Release notes

## 0.2.0 (2027-01-01)

Two.

### More

- of it

## 0.1.0

One.

## 0.0.1

"""


@pytest.mark.parametrize("version, expected", [
    ("0.2.0", "Two.\n\n### More\n\n- of it\n"), ("v0.1.0", "One.\n"), ("0.1", None), ("0.0.1", None), ("9.9.9", None), ("", None),
])
def test_the_notes_of_a_version_are_its_section_and_nothing_else(tmp_path, version, expected):
    file = tmp_path / "NOTES.md"
    file.write_text(NOTES)
    code, _, output = rehearse(tmp_path, "scripts/release-notes.sh", version, RELEASE_NOTES=str(file))
    if expected is None:
        assert code != 0 and "Two." not in output and "One." not in output
    else:
        assert (code, output) == (0, expected)


def test_there_are_notes_for_the_version_of_the_program(tmp_path):
    line = next(line for line in (ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version = "))
    code, _, output = rehearse(tmp_path, "scripts/release-notes.sh", line.split('"')[1])
    assert code == 0 and len(output.split()) > 50


@pytest.fixture
def project(tmp_path):
    """A copy of what the check reads, in which everything says 1.2.3."""
    place = tmp_path / "project"
    for chart in ("oc", "oc-gateway"):
        folder = place / "charts" / chart
        folder.mkdir(parents=True)
        (folder / "Chart.yaml").write_text('apiVersion: v2\nversion: 1.2.3\nappVersion: "1.2.3"\n')
    (place / "Cargo.toml").write_text('[package]\nname = "oc"\nversion = "1.2.3"\n')
    (place / "CHANGELOG.md").write_text("## [Unreleased]\n\n## [1.2.3] - 2027-01-01\n")
    (place / "RELEASE-NOTES.md").write_text("## 1.2.3\n\nBetter.\n")
    shutil.copytree(ROOT / "scripts", place / "scripts")
    subprocess.run(["git", "init", "--quiet", str(place)], check=True)
    return place


def check(project, tag="v1.2.3"):
    result = subprocess.run([project / "scripts/release/check.sh", tag], text=True, capture_output=True, check=False)
    return result.returncode, result.stdout + result.stderr


def test_a_release_needs_the_same_version_everywhere(project):
    assert check(project) == (0, "Everything says 1.2.3.\n")


@pytest.mark.parametrize("file, old, new", [
    ("Cargo.toml", "1.2.3", "1.2.2"), ("charts/oc/Chart.yaml", "\nversion: 1.2.3", "\nversion: 1.2.4"),
    ("charts/oc-gateway/Chart.yaml", '"1.2.3"', '"1.2.2"'), ("CHANGELOG.md", "[1.2.3]", "[1.2.2]"), ("RELEASE-NOTES.md", "1.2.3", "1.2.2"),
])
def test_whatever_says_another_version_is_named(project, file, old, new):
    path = pathlib.Path(project, file)
    path.write_text(path.read_text().replace(old, new))
    code, output = check(project)
    assert code == 1 and file in output


@pytest.mark.parametrize("tag", ["", "1.2.3", "v1.2", "v1.2.3-rc.1"])
def test_a_tag_that_is_no_version_is_refused(project, tag):
    assert check(project, tag)[0] == 2


def outputs(path):
    return path.read_text() if path.exists() else ""


DIGEST = "sha256:" + "a" * 64
DOCKER = f'behave() {{ case "$*" in *inspect*) echo {DIGEST} ;; esac; }}'
GITHUB = {"GITHUB_REPOSITORY": "Owner/Oc", "GITHUB_REPOSITORY_OWNER": "Owner"}


def test_both_halves_of_an_image_are_joined_and_signed_by_digest(tmp_path):
    digests = ROOT / "target/digests"
    shutil.rmtree(digests, ignore_errors=True)
    digests.mkdir(parents=True)
    (digests / ("b" * 64)).touch()
    told = {**GITHUB, "GITHUB_OUTPUT": str(tmp_path / "out"), "TAG": "v0.1.0"}
    code, calls, output = rehearse(tmp_path, "scripts/release/join-image.sh", behaviour=DOCKER, programs=("docker", "cosign"), **told)
    assert code == 1 and not calls and "instead of two" in output
    (digests / ("c" * 64)).touch()
    code, calls, output = rehearse(tmp_path, "scripts/release/join-image.sh", behaviour=DOCKER, programs=("docker", "cosign"), **told)
    shutil.rmtree(digests)
    assert code == 0, output
    assert calls[0] == (
        f"docker buildx imagetools create --tag ghcr.io/owner/oc:v0.1.0 ghcr.io/owner/oc@sha256:{'b' * 64} ghcr.io/owner/oc@sha256:{'c' * 64}"
    )
    assert calls[-1] == f"cosign sign --yes ghcr.io/owner/oc@{DIGEST}"
    assert outputs(tmp_path / "out") == f"image=ghcr.io/owner/oc\ndigest={DIGEST}\n"


def test_an_image_is_verified_against_the_workflow_that_makes_images(tmp_path):
    told = {"GITHUB_REPOSITORY": "owner/o.c", "OC_IMAGE": "ghcr.io/owner/oc", "OC_DIGEST": DIGEST}
    code, calls, _ = rehearse(tmp_path, "scripts/release/verify-image.sh", programs=("cosign",), **told)
    assert code == 0 and r"^https://github\.com/owner/o\.c/\.github/workflows/image\.yml@refs/" in calls[0]
    code, _, _ = rehearse(tmp_path, "scripts/release/verify-image.sh", behaviour="behave() { return 1; }", programs=("cosign",), **told)
    assert code == 1


def test_every_chart_is_pushed_and_signed_by_digest(tmp_path):
    behaviour = f"""
    behave() {{
      case "$2" in
        package) touch "${{@: -1}}/$(basename "$3")-0.1.0.tgz" ;;
        push) echo "Digest: {DIGEST}" ;;
      esac
    }}
    """
    code, calls, output = rehearse(
        tmp_path, "scripts/release/push-charts.sh", behaviour=behaviour, programs=("helm", "cosign"), **GITHUB
    )
    assert code == 0, output
    signed = [call for call in calls if call.startswith("cosign")]
    assert f"cosign sign --yes ghcr.io/owner/charts/oc-gateway@{DIGEST}" in signed
    assert len(signed) == len(list((ROOT / "charts").glob("*/Chart.yaml")))


def test_the_page_of_a_release_has_its_notes_and_how_to_check_it(tmp_path):
    told = {**GITHUB, "OC_IMAGE": "ghcr.io/owner/oc", "OC_DIGEST": DIGEST}
    code, calls, output = rehearse(tmp_path, "scripts/release/publish.sh", "v0.1.0", programs=("gh",), **told)
    assert code == 0, output
    assert calls == ["gh release create v0.1.0 --verify-tag --title oc 0.1.0 --notes-file target/release-notes.md"]
    text = (ROOT / "target/release-notes.md").read_text()
    assert "never lost" in text and f"ghcr.io/owner/oc@{DIGEST}" in text
    code, calls, _ = rehearse(tmp_path, "scripts/release/publish.sh", "v9.9.9", programs=("gh",), **told)
    assert code != 0 and not calls
