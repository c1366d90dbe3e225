# Puts the modules, which know everything and touch nothing, together with the
# providers, which touch everything. What runs inside the cluster is infra/apply.sh's.

module "names" {
  source      = "./modules/names"
  environment = var.environment
  domain      = var.domain
}

module "sizing" {
  source             = "./modules/sizing"
  documents_per_day  = var.documents_per_day
  database_instances = var.environment == "production" ? 3 : 1
  node_processors    = try(var.cluster.node_processors, 4)
  node_gigabytes     = try(var.cluster.node_gigabytes, 8)
}

module "records" {
  source    = "./modules/records"
  labels    = module.names.labels
  addresses = var.gateway_addresses
}

module "secrets" {
  source      = "./modules/secrets"
  environment = var.environment
  shared      = var.shared
  namespaces  = module.names.namespaces
}

resource "infomaniak_kaas" "cluster" {
  count = var.shared ? 1 : 0

  public_cloud_id         = var.cluster.public_cloud_id
  public_cloud_project_id = var.cluster.public_cloud_project_id
  name                    = var.cluster.name
  pack_name               = var.cluster.pack
  kubernetes_version      = var.cluster.kubernetes_version
  region                  = var.cluster.region

  apiserver = {
    ip_filters = var.cluster.administrators
  }

  lifecycle {
    # With it goes every database.
    prevent_destroy = true
  }
}

resource "infomaniak_kaas_instance_pool" "nodes" {
  count = var.shared ? 1 : 0

  public_cloud_id         = infomaniak_kaas.cluster[0].public_cloud_id
  public_cloud_project_id = infomaniak_kaas.cluster[0].public_cloud_project_id
  kaas_id                 = infomaniak_kaas.cluster[0].id
  name                    = "oc"
  flavor_name             = var.cluster.flavor
  availability_zone       = var.cluster.availability_zone
  min_instances           = module.sizing.nodes
  max_instances           = module.sizing.nodes + 2
}

resource "openstack_objectstorage_container_v1" "bucket" {
  for_each = var.shared ? module.names.buckets : {}

  name = each.value

  lifecycle {
    prevent_destroy = true
  }
}

resource "infomaniak_record" "host" {
  for_each = module.records.records

  zone_fqdn = var.domain
  type      = each.value.type
  source    = each.value.source
  target    = each.value.target
  ttl       = each.value.ttl
}

resource "vault_mount" "secrets" {
  for_each = module.secrets.mounts

  path    = each.value
  type    = "kv"
  options = { version = "2" }
}

resource "vault_policy" "reader" {
  for_each = module.secrets.policies

  name   = "${var.environment}-${each.key}"
  policy = each.value
}

# One for each namespace, so that a role reads only what is its own.
resource "vault_kubernetes_auth_backend_role" "reader" {
  for_each = module.secrets.policies

  backend                          = var.vault_kubernetes_path
  role_name                        = "oc-${each.key}"
  bound_service_account_names      = ["oc-secrets"]
  bound_service_account_namespaces = [each.key]
  token_policies                   = [vault_policy.reader[each.key].name]
  token_ttl                        = 600
}
