# What everything of an environment is called. The charts and scripts use the same
# names (infra/environments, infra/namespaces); a test compares them.

terraform {
  required_version = ">= 1.9"
}

variable "environment" {
  description = "Which environment: production or staging"
  type        = string

  validation {
    condition     = contains(["production", "staging"], var.environment)
    error_message = "The environment is production or staging; a local one needs no Terraform."
  }
}

variable "domain" {
  description = "Domain that the host names belong to"
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain))
    error_message = "The domain is written in lower case and without a dot at its end, such as on-track.ch."
  }
}

locals {
  staging = var.environment == "staging"
  prefix  = local.staging ? "oc-staging" : "oc"
  hosts = {
    provider   = local.staging ? "staging.provider" : "provider"
    client     = local.staging ? "staging.client" : "client"
    client-api = local.staging ? null : "api.client"
  }
}

output "namespaces" {
  description = "Namespace of each role"
  value       = { for role in ["provider", "client"] : role => "${local.prefix}-${role}" }
}

output "hosts" {
  description = "Host name of each listener of the gateway"
  value       = { for name, host in local.hosts : name => "${host}.${var.domain}" if host != null }
}

output "labels" {
  description = "The same within the domain, as DNS wants them"
  value       = { for name, host in local.hosts : name => host if host != null }
}

output "gateway" {
  description = "Name of the gateway and of its release"
  value       = local.staging ? "oc-gateway-staging" : "oc-gateway"
}

output "buckets" {
  description = "Buckets of the object store, by what is in them"
  value = {
    backups = "oc-backups"
    logs    = "oc-logs"
    traces  = "oc-traces"
  }
}
