# Which secrets an environment has, where in the store they lie, and who may read them.
# The values come from infra/seed-secrets.sh, never through Terraform, whose state
# would keep them in clear.

terraform {
  required_version = ">= 1.9"
}

variable "environment" {
  description = "Which environment: production or staging"
  type        = string
}

variable "shared" {
  description = "Whether this environment also looks after what a cluster has once: the monitoring"
  type        = bool
}

variable "namespaces" {
  description = "Namespace of each role"
  type        = map(string)
}

locals {
  own = "oc-${var.environment}"
  roles = {
    provider = { mount = local.own, namespaces = [var.namespaces.provider], keys = ["FIELD_ENCRYPTION_KEY", "JWT_SECRET", "SERVICE_TOKEN_SECRET"] }
    client   = { mount = local.own, namespaces = [var.namespaces.client], keys = ["ACCESS_CODE_KEY", "FIELD_ENCRYPTION_KEY", "RECEIPT_SIGNING_KEY", "SERVICE_TOKEN_SECRET"] }
    backups  = { mount = local.own, namespaces = values(var.namespaces), keys = ["ACCESS_KEY_ID", "ACCESS_SECRET_KEY"] }
  }
  monitoring = {
    grafana      = { mount = "oc-shared", namespaces = ["oc-monitoring"], keys = ["password", "username"] }
    alertmanager = { mount = "oc-shared", namespaces = ["oc-monitoring"], keys = ["token"] }
    object-store = { mount = "oc-shared", namespaces = ["oc-monitoring"], keys = ["S3_ACCESS_KEY_ID", "S3_ENDPOINT", "S3_HOST", "S3_SECRET_ACCESS_KEY"] }
  }
  layout  = merge(local.roles, var.shared ? local.monitoring : {})
  readers = toset(flatten([for secret in local.layout : secret.namespaces]))
}

output "mounts" {
  description = "Where the store keeps them (key-value, version 2)"
  value       = toset([for secret in local.layout : secret.mount])
}

output "layout" {
  description = "Secrets, the keys in them, and the namespaces that need them"
  value       = local.layout
}

output "policies" {
  description = "What each namespace may read, as a policy of Vault or OpenBao"
  value = {
    for namespace in local.readers : namespace => join("\n", [
      for name, secret in local.layout : <<-POLICY
      path "${secret.mount}/data/${name}" {
        capabilities = ["read"]
      }
      POLICY
      if contains(secret.namespaces, namespace)
    ])
  }
}
