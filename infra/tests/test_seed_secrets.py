"""Filling the store, rehearsed with a stand-in that keeps what it is given in files."""

import base64
import json

import pytest

from rehearsal import rehearse

def store(tmp_path, *there):
    folder = tmp_path / "store"
    for name in there:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    folder.mkdir(exist_ok=True)
    program = tmp_path / "vault"
    program.write_text(f"""#!/usr/bin/env bash
mount=${{3#-mount=}}
case "$2" in
  get) [ -e "{folder}/$mount/$4" ] || {{ echo "No value found at $mount/$4" >&2; exit 2; }} ;;
  put) [ "$4" = -cas=0 ] && [ ! -e "{folder}/$mount/$5" ] || exit 2; mkdir -p "{folder}/$mount"; cat >"{folder}/$mount/$5" ;;
esac
""")
    program.chmod(0o755)
    return folder, {"VAULT": str(program)}


GIVEN = {
    "BACKUPS_ACCESS_KEY_ID": "id", "BACKUPS_SECRET_KEY": "key", "ALERTS_TOKEN": "token", "S3_ENDPOINT": "https://s3.example.org",
    "S3_ACCESS_KEY_ID": "id", "S3_SECRET_ACCESS_KEY": "key",
}


def test_an_empty_store_is_filled_with_keys_that_nobody_sees(tmp_path):
    folder, told = store(tmp_path)
    code, _, output = rehearse(tmp_path, "infra/seed-secrets.sh", "production", **told, **GIVEN)
    assert code == 0, output
    made = {str(path.relative_to(folder)): json.loads(path.read_text()) for path in folder.rglob("*") if path.is_file()}
    assert set(made) == {f"oc-production/{name}" for name in ("provider", "client", "backups")} | {
        f"oc-shared/{name}" for name in ("grafana", "alertmanager", "object-store")
    }
    provider, client = made["oc-production/provider"], made["oc-production/client"]
    assert provider["SERVICE_TOKEN_SECRET"] == client["SERVICE_TOKEN_SECRET"]
    keys = [*provider.values(), *client.values()]
    assert len(set(keys)) == len(keys) - 1 and all(len(base64.b64decode(key)) == 32 for key in keys)
    assert not any(key in output for key in keys)
    assert made["oc-shared/object-store"]["S3_HOST"] == "s3.example.org"


def test_what_is_there_is_never_replaced(tmp_path):
    folder, told = store(tmp_path, "oc-staging/provider", "oc-staging/client", "oc-staging/backups")
    code, _, output = rehearse(tmp_path, "infra/seed-secrets.sh", "staging", **told, **GIVEN)
    assert code == 0, output
    assert all((folder / "oc-staging" / name).read_text() == "{}" for name in ("provider", "client", "backups"))


@pytest.mark.parametrize("there", ["oc-staging/provider", "oc-staging/client"])
def test_half_a_pair_of_keys_is_left_to_somebody_who_thinks(tmp_path, there):
    folder, told = store(tmp_path, there)
    code, _, output = rehearse(tmp_path, "infra/seed-secrets.sh", "staging", **told)
    assert code == 1 and "restore them" in output
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1


def test_a_store_that_does_not_answer_gets_no_keys(tmp_path):
    program = tmp_path / "vault"
    program.write_text('#!/usr/bin/env bash\n[ "$2" = put ] && touch "$HOME/put"\necho "connection refused" >&2; exit 2\n')
    program.chmod(0o755)
    code, _, output = rehearse(tmp_path, "infra/seed-secrets.sh", "production", VAULT=str(program))
    assert code == 1 and "connection refused" in output and not (tmp_path / "put").exists()
