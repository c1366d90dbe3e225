# How large a cluster has to be for what it is given. Figures of the program come from
# the README's measurements; everything is rounded up.

terraform {
  required_version = ">= 1.9"
}

variable "documents_per_day" {
  description = "Documents that are sent in a day, by all tenants together"
  type        = number

  validation {
    condition     = var.documents_per_day > 0
    error_message = "At least one."
  }
}

variable "document_kilobytes" {
  description = "Size of a document, in kilobytes"
  type        = number
  default     = 16

  validation {
    condition     = var.document_kilobytes > 0 && var.document_kilobytes <= 2048
    error_message = "A role takes documents of at most 2 MiB (MAX_BODY_BYTES)."
  }
}

variable "retention_days" {
  description = "How long a document is kept"
  type        = number
  default     = 3650
}

variable "database_instances" {
  description = "PostgreSQL servers of each role"
  type        = number
  default     = 3

  validation {
    condition     = contains([1, 3, 5], var.database_instances)
    error_message = "One, three or five: with two, none can be away."
  }
}

variable "replicas" {
  description = "Pods of each role"
  type        = number
  default     = 2
}

variable "connections_per_replica" {
  description = "Connections that a pod holds (DATABASE_POOL_SIZE) and one that listens"
  type        = number
  default     = 17
}

variable "max_connections" {
  description = "Connections that PostgreSQL takes"
  type        = number
  default     = 100
}

variable "node_processors" {
  description = "Processors of a machine"
  type        = number
  default     = 4
}

variable "node_gigabytes" {
  description = "Memory of a machine, in GB"
  type        = number
  default     = 8
}

locals {
  # The text is kept by both roles, sealed, with its history, indexes and dead rows.
  overhead       = 2
  stored_gb      = var.documents_per_day * var.retention_days * var.document_kilobytes * local.overhead / 1024 / 1024
  volume_gb      = max(10, ceil(local.stored_gb / 10) * 10)
  servers        = 2 * var.database_instances
  pods           = 2 * var.replicas
  used           = (var.replicas + 1) * var.connections_per_replica
  busy           = local.pods * 0.1 + local.servers * 0.25 + 1.5
  full           = local.pods * 0.25 + local.servers * 1 + 6
  by_processors  = ceil(local.busy / (var.node_processors * 0.8))
  by_memory      = ceil(local.full / (var.node_gigabytes * 0.8))
  one_may_be_off = max(local.by_processors, local.by_memory) + 1
}

output "volume_gigabytes" {
  description = "Volume of each PostgreSQL server"
  value       = local.volume_gb

  precondition {
    condition     = local.volume_gb <= 4000
    error_message = "More than 4 TB on a server: keep documents for a shorter time, or give tenants to several installations."
  }
}

output "nodes" {
  description = "Machines: so many that one may be away, and one for each PostgreSQL server of a role"
  value       = max(var.database_instances, local.one_may_be_off)
}

output "connections" {
  description = "Connections that the pods of a role hold while one more comes up"
  value       = local.used

  precondition {
    condition     = local.used <= var.max_connections - 10
    error_message = "The pods would take more connections than PostgreSQL has (ten are for itself): fewer pods, a smaller DATABASE_POOL_SIZE, or more max_connections."
  }
}
