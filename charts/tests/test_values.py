"""Every value is described, checked and used; what is wrong is refused in words that help."""

import json
import shutil

import pytest
import yaml

from conftest import CHART, LOCAL, ROLES, helm, options, refusal, render_text
from describe import described, outdated, readme, secret_settings, settings

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
DESCRIBED = {path: default for path, default, _ in described()}
LOCAL_SECRETS = {path.removeprefix("secrets.data."): text for path, text in LOCAL.items()}
# What other value makes another chart; where nothing stands here, any other of the same type does.
OTHERS = {
    "image.digest": "sha256:" + "f" * 64, "image.pullPolicy": "Always", "imagePullSecrets": [{"name": "other"}],
    "autoscaling.minReplicas": 5, "secrets.settings": ["RECEIPT_SIGNING_KEY"],
    "migrations.mode": "none", "postgresql.mode": "external", "postgresql.tls.mode": "require",
    "postgresql.cnpg.storage.size": "11Gi", "postgresql.cnpg.walStorage.size": "11Gi",
    "postgresql.cnpg.synchronous.dataDurability": "preferred", "postgresql.cnpg.backups.endpointURL": "https://other.example.org",
    "postgresql.cnpg.backups.retentionPolicy": "9w", "postgresql.cnpg.backups.schedule": "0 0 3 * * *",
    "postgresql.cnpg.backups.compression": "bzip2", "service.type": "NodePort", "terminationGracePeriodSeconds": 200,
    "startupProbe": {"periodSeconds": 9}, "livenessProbe": {"periodSeconds": 9}, "readinessProbe": {"periodSeconds": 9},
    "tests.clientUrl": "http://other.example.org", "extraEnv": [{"name": "OTHER"}], "extraVolumes": [{"name": "other", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "other", "mountPath": "/other"}], "route.paths": ["/other"], "ingress.paths": ["/other"],
    "metrics.serviceMonitor.interval": "31s", "metrics.serviceMonitor.scrapeTimeout": "9s", "networkPolicy.dns": [{"podSelector": {}}],
    "networkPolicy.mailPorts": [25], "extraObjects": [],
}
# Where a part has to be changed, since the whole holds what nothing can do without.
PARTS = {
    "settings": ("settings.ACCESS_CODE_DAYS", 7), "secrets.data": ("secrets.data.RECEIPT_SIGNING_KEY", "other"),
    "secrets.from": ("secrets.from.RECEIPT_SIGNING_KEY", {"name": "a", "key": "b"}), "secrets.create": ("secrets.create", True),
}
# Releases in which every value matters somewhere.
ALL = ("ci/everything-values.yaml", "ci/cnpg-values.yaml", "ci/entry-values.yaml", "ci/observed-values.yaml")
PLACES = [("client", ALL), ("provider", ALL), ("provider", ("ci/recovery-values.yaml",)),
          ("client", ("ci/everything-values.yaml", "ci/job-values.yaml")), ("client", ("ci/autoscaling-values.yaml",)),
          ("provider", ())]


def leaves(schema, path=()):
    """Every value that the schema names."""
    if schema.get("additionalProperties") is False and path not in DESCRIBED:
        for name, part in schema["properties"].items():
            yield from leaves(part, (*path, name))
    else:
        yield path


def test_every_value_is_described_and_in_the_schema():
    assert set(leaves(SCHEMA)) - {("global",)} == set(DESCRIBED)
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    flat = set()

    def walk(value, path):
        if path in DESCRIBED or not isinstance(value, dict):
            flat.add(path)
        else:
            for name, part in value.items():
                walk(part, (*path, name))
    walk(defaults, ())
    assert flat == set(DESCRIBED)


def test_readme_and_schema_are_up_to_date():
    assert not [str(path) for path in outdated()], "run: make chart-docs"
    assert all(f"| `{'.'.join(path)}` |" in readme() for path in DESCRIBED)


def test_the_schema_knows_every_setting_of_the_program():
    names = set(SCHEMA["$defs"]["settingName"]["enum"]) | set(SCHEMA["$defs"]["secretName"]["enum"])
    assert names == settings() - {"PORT", "METRICS_PORT", "DATABASE_URL"}
    assert {"ACCESS_CODE_KEY", "OIDC_CLIENT_SECRET"} <= secret_settings() <= settings()


def other(path, files):
    """A value that is neither the default nor what the files say, and fits the schema."""
    if path in OTHERS:
        return OTHERS[path]
    now = current(path, files)
    if isinstance(now, bool):
        return not now
    if path.endswith(("amespaces", "ostnames")):
        return ["other"]
    return {int: lambda: now + 1, str: lambda: "other", list: lambda: [{"name": "other"}], dict: lambda: {"other": "other"}}[type(now)]()


def current(path, files):
    """What a value is before it is changed."""
    found = DESCRIBED[tuple(path.split("."))]
    for file in files:
        part = yaml.safe_load((CHART / file).read_text())
        for name in path.split("."):
            part = part.get(name) if isinstance(part, dict) else None
        found = found if part is None else part
    return found


@pytest.fixture(scope="module")
def chart_with_files(tmp_path_factory):
    """The chart with a rule and a dashboard at least."""
    chart = tmp_path_factory.mktemp("chart") / "oc"
    shutil.copytree(CHART, chart)
    for name, text in {"rules/some.yaml": "groups: []", "dashboards/some.json": "{}"}.items():
        (chart / name).parent.mkdir(exist_ok=True)
        (chart / name).write_text(text)
    return chart


# Every other test compares the roles.
@pytest.mark.parametrize("path", [".".join(path) for path in DESCRIBED if path != ("role",)])
def test_every_value_changes_something(path, chart_with_files):
    for role, files in PLACES:
        place, value = PARTS[path] if path in PARTS else (path, other(path, files))
        values = {place: value}
        if place.startswith(("secrets.create", "secrets.data")):
            values |= {"secrets.create": True, "secrets.existingSecret": "", "postgresql.external.existingSecret": "x",
                       "secrets.data": LOCAL_SECRETS | {"RECEIPT_SIGNING_KEY": str(value)}}
        before = render_text(role, *files, chart=chart_with_files)
        after = render_text(role, *files, values=values, chart=chart_with_files)
        if after[0] == before[0] == 0 and after[1] != before[1]:
            return
    pytest.fail(f"{path}: nothing changes with {value!r}; {after[2]}")


@pytest.mark.parametrize("role, values, words", [
    ("provider", {"role": "doctor"}, "value must be one of 'provider', 'client'"),
    ("provider", {"role": ""}, "value must be one of 'provider', 'client'"),
    ("client", {"replica": 3}, "additional properties 'replica' not allowed"),
    ("client", {"image.tags": "1"}, "additional properties 'tags' not allowed"),
    ("client", {"postgresql.cnpg.instance": 1}, "additional properties 'instance' not allowed"),
    ("client", {"replicas": "two"}, "got string, want integer"),
    ("client", {"image.digest": "sha256:1"}, "does not match pattern"),
    ("client", {"image.repository": "oc:1"}, "does not match pattern"),
    ("client", {"settings.ACCESS_CODE_DAY": 7}, "invalid propertyName 'ACCESS_CODE_DAY'"),
    ("client", {"settings.PORT": 80}, "invalid propertyName 'PORT'"),
    ("client", {"settings.ACCESS_CODE_KEY": "x"}, "invalid propertyName 'ACCESS_CODE_KEY'"),
    ("client", {"settings.AUTH": "none"}, "value must be 'jwt'"),
    ("client", {"settings.MAIL_FROM": ["a"]}, "got array"),
    ("client", {"secrets.settings": ["MAIL_FROM"]}, "/secrets/settings/0"),
    ("client", {"networkPolicy.gatewayNamespaces": "oc-gateway"}, "got string, want array"),
    ("client", {"metrics.serviceMonitor.interval": "30 seconds"}, "does not match pattern"),
    ("client", {"route.paths": ["/"]}, "does not match pattern"),
    ("client", {"podLabels": {"app.kubernetes.io/name": "x"}}, "invalid propertyName 'app.kubernetes.io/name'"),
    ("client", {"postgresql.cnpg.owner": 'oc"; DROP'}, "does not match pattern"),
    ("client", {"image.repository": ""}, "image.repository is missing"),
    ("client", {"secrets.existingSecret": ""}, "nothing says where ACCESS_CODE_KEY is"),
    ("client", {"secrets.existingSecret": "", "secrets.from": {name: {"name": "a", "key": "b"} for name in
                ("FIELD_ENCRYPTION_KEY", "ACCESS_CODE_KEY", "SERVICE_TOKEN_SECRET")}}, "nothing says where the database is"),
    ("client", {"secrets.create": True}, "exclude each other"),
    ("client", {"secrets.data": {"SMTP_URL": "x"}}, "with secrets.create only"),
    ("client", {"settings.CLIENT_PUBLIC_URL": None}, "settings.CLIENT_PUBLIC_URL is missing"),
    ("client", {"settings.CLIENT_PUBLIC_URL": "http://client.example.org"}, "must start with https://"),
    ("client", {"secrets.settings": ["SMTP_URL"]}, "settings.MAIL_FROM is missing"),
    ("client", {"settings.SMS_GATEWAY_URL": "https://sms.example.org"}, "SMS_GATEWAY_TOKEN is missing"),
    ("client", {"secrets.settings": ["JWT_SECRET"]}, "settings.JWT_ISSUER and settings.JWT_AUDIENCE are missing"),
    ("provider", {"settings.JWT_JWKS_URL": None}, "whose tokens it accepts"),
    ("provider", {"settings.JWT_AUDIENCE": None}, "settings.JWT_ISSUER and settings.JWT_AUDIENCE are missing"),
    ("provider", {"settings.CLIENT_BASE_URL": None}, "settings.CLIENT_BASE_URL is missing"),
    ("provider", {"settings.CLIENT_BASE_URL": "http://client.example.org/api/"}, "must start with https://"),
    ("provider", {"route.enabled": True}, "route.hostnames is missing"),
    ("client", {"ingress.enabled": True}, "ingress.hostnames is missing"),
    ("provider", {"route.apiHostnames": ["a"]}, "belongs to the client role"),
    ("client", {"postgresql.tls.mode": "verify-ca"}, "postgresql.tls.caSecret is missing"),
    ("client", {"postgresql.mode": "cnpg", "postgresql.cnpg.backups.enabled": True}, "destinationPath is missing"),
])
def test_what_is_wrong_is_refused(role, values, words):
    assert words in refusal(role, values)


@pytest.mark.parametrize("role", ROLES)
def test_the_notes_warn_of_what_was_probably_not_meant(role):
    def notes(*files, **values):
        code, out, err = helm("install", "oc", str(CHART), "--dry-run=client", "--namespace=oc",
                              *options((f"ci/{role}-values.yaml", *files), values))
        assert code == 0, err
        return out.split("NOTES:")[1]
    assert "REDIS_URL" in notes() and "REDIS_URL" not in notes(replicas=1)
    assert "TRUSTED_PROXIES" in notes(**{"route.enabled": True, "route.hostnames": ["a.example.org"]})
    assert "TRUSTED_PROXIES" not in notes("ci/entry-values.yaml")
    assert f"https://{role}.example.org/" in notes("ci/entry-values.yaml")
    database = notes(**{"postgresql.mode": "cnpg", "settings.DATABASE_POOL_SIZE": 40})
    assert "3 pods may open 123 database connections, and the database takes 100" in database and "no backups" in database
    assert "database connections" not in notes(**{"postgresql.mode": "cnpg"})
    assert "oc migrate --role" in notes(**{"migrations.mode": "none"})
