"""The database: where it is, who may do what there, and that nothing that was promised is lost."""

import re

from conftest import ROOT, containers, kinds, one, refusal, render


def address(objects):
    """Where each container is told that the database is."""
    spec = one(objects, "Deployment")["spec"]["template"]["spec"]
    return [next(v["valueFrom"]["secretKeyRef"] for v in c["env"] if v["name"] == "DATABASE_URL") for c in containers(spec)]


def told(objects):
    spec = one(objects, "Deployment")["spec"]["template"]["spec"]
    return {v["name"]: v.get("value") for v in containers(spec)[0]["env"]}, spec


def test_the_address_of_the_database_comes_out_of_one_secret():
    assert address(render("client")) == [{"name": "oc-client", "key": "DATABASE_URL"}] * 2
    objects = render("client", "ci/cnpg-values.yaml")
    assert address(objects) == [{"name": one(objects, "Cluster")["metadata"]["name"] + "-app", "key": "uri"}] * 2
    assert address(render("client", "ci/job-values.yaml")) == [{"name": "database", "key": "uri"}]


def test_the_login_is_prepared_as_the_program_asks_for_it():
    fence = (ROOT / "src/platform/db/fence.rs").read_text()
    [asked] = re.findall(r'format!\("(CREATE ROLE \{ROLE\}[^"]* ROLE )\{\}"', fence)
    [role] = re.findall(r'pub const ROLE: &str = "([^"]*)"', fence)
    initdb = one(render("client", "values-client.yaml"), "Cluster")["spec"]["bootstrap"]["initdb"]
    assert initdb["postInitApplicationSQL"] == [asked.replace("{ROLE}", role) + '"oc"',
                                                'REVOKE CONNECT ON DATABASE "oc" FROM PUBLIC',
                                                'GRANT CONNECT ON DATABASE "oc" TO pg_monitor']
    assert (initdb["owner"], initdb["encoding"], initdb["dataChecksums"]) == ("oc", "UTF8", True)


def test_what_was_promised_outlives_a_server():
    def synchronous(**values):
        spec = one(render("client", values={"postgresql.mode": "cnpg", **values}), "Cluster")["spec"]
        return spec["postgresql"].get("synchronous")
    assert synchronous() == {"method": "any", "number": 1, "dataDurability": "required"}
    # The operator refuses as many followers as there are servers.
    assert synchronous(**{"postgresql.cnpg.instances": 1}) is None
    assert synchronous(**{"postgresql.cnpg.synchronous.number": 0}) is None


def test_backups_go_through_the_plugin():
    objects = render("client", "ci/cnpg-values.yaml")
    cluster, store, backup = (one(objects, kind) for kind in ("Cluster", "ObjectStore", "ScheduledBackup"))
    [plugin] = cluster["spec"]["plugins"]
    assert "backup" not in cluster["spec"], "barmanObjectStore ends with CloudNativePG 1.31"
    assert plugin["isWALArchiver"] and plugin["parameters"]["barmanObjectName"] == store["metadata"]["name"]
    assert backup["spec"]["pluginConfiguration"]["name"] == plugin["name"] and backup["spec"]["method"] == "plugin"
    assert backup["spec"]["cluster"]["name"] == cluster["metadata"]["name"] and backup["spec"]["immediate"]
    assert len(backup["spec"]["schedule"].split()) == 6, "CloudNativePG counts seconds"
    keys = store["spec"]["configuration"]["s3Credentials"]
    assert keys["accessKeyId"] == {"name": "s3", "key": "ACCESS_KEY_ID"}
    assert not {"ObjectStore", "ScheduledBackup"} & set(kinds(render("client", "values-client.yaml")))


def test_a_recovered_cluster_does_not_write_over_what_it_came_from():
    cluster = one(render("client", "ci/recovery-values.yaml"), "Cluster")["spec"]
    assert "initdb" not in cluster["bootstrap"] and cluster["bootstrap"]["recovery"]["source"] == "lost"
    assert cluster["externalClusters"][0]["plugin"]["parameters"]["serverName"] == "oc-first"
    assert cluster["plugins"][0]["parameters"]["serverName"] == "oc-second"
    files = ("ci/recovery-values.yaml",)
    assert "must not write over" in refusal("client", {"postgresql.cnpg.recovery.serverName": "oc-second"}, files=files)
    assert "recovery.serverName is missing" in refusal("client", {"postgresql.cnpg.recovery.serverName": ""}, files=files)


def test_the_certificate_of_the_database_is_checked_where_it_is_asked():
    variables, spec = told(render("client", "ci/cnpg-values.yaml"))
    assert (variables["PGSSLMODE"], variables["PGSSLROOTCERT"]) == ("verify-full", "/etc/oc/database/ca.crt")
    [volume] = spec["volumes"]
    # That Secret holds the key of the authority, too.
    assert volume["secret"] == {"secretName": "oc-client-backend-db-ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    assert all(c["volumeMounts"][0]["mountPath"] == "/etc/oc/database" for c in containers(spec))
    variables, spec = told(render("client", values={"postgresql.tls.mode": "verify-full"}))
    assert variables["PGSSLROOTCERT"] == "system" and "volumes" not in spec
    variables, _ = told(render("client"))
    assert "PGSSLMODE" not in variables and "PGSSLROOTCERT" not in variables
