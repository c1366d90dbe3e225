variable "environment" {
  description = "Which environment: production or staging"
  type        = string
}

variable "shared" {
  description = "Whether this environment makes what a cluster has once: the cluster itself, its buckets, the secrets of the monitoring"
  type        = bool
}

variable "domain" {
  description = "Domain that the host names belong to, whose zone is at Infomaniak"
  type        = string
}

variable "gateway_addresses" {
  description = "Addresses of the gateway, once it is installed"
  type        = list(string)
  default     = []
}

variable "documents_per_day" {
  description = "Documents that are sent in a day, by all tenants together"
  type        = number
}

variable "cluster" {
  description = "The cluster at Infomaniak. pack: shared or dedicated; administrators: networks that may reach its API"
  type = object({
    public_cloud_id         = number
    public_cloud_project_id = number
    name                    = string
    region                  = string
    availability_zone       = string
    pack                    = string
    kubernetes_version      = string
    flavor                  = string
    node_processors         = number
    node_gigabytes          = number
    administrators          = list(string)
  })
  default = null
}

variable "vault_kubernetes_path" {
  description = "Where Vault or OpenBao checks identities of this cluster"
  type        = string
  default     = "kubernetes"
}
