# The DNS records of an environment: where its host names lead, and who may sign
# certificates for them.

terraform {
  required_version = ">= 1.9"
}

variable "labels" {
  description = "Host names within the domain"
  type        = map(string)
}

variable "addresses" {
  description = "Addresses of the gateway, IPv4 and IPv6; none before it has been installed"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.addresses : can(cidrhost(strcontains(address, ":") ? "${address}/128" : "${address}/32", 0))])
    error_message = "These are no addresses; a load balancer with a name alone needs records of its own."
  }
}

variable "authorities" {
  description = "Who may sign certificates for the host names (CAA)"
  type        = list(string)
  default     = ["letsencrypt.org"]

  validation {
    condition     = length(var.authorities) > 0
    error_message = "Without an authority nobody may sign certificates."
  }
}

variable "ttl" {
  description = "Seconds that others keep a record"
  type        = number
  default     = 300

  validation {
    condition     = var.ttl >= 60 && var.ttl <= 86400
    error_message = "Between a minute and a day."
  }
}

locals {
  leading = flatten([
    for name, label in var.labels : [
      for address in var.addresses : {
        key    = "${label} ${strcontains(address, ":") ? "AAAA" : "A"} ${address}"
        source = label
        type   = strcontains(address, ":") ? "AAAA" : "A"
        target = address
      }
    ]
  ])
  signing = flatten([
    for name, label in var.labels : [
      for authority in var.authorities : {
        key    = "${label} CAA ${authority}"
        source = label
        type   = "CAA"
        target = "0 issue \"${authority}\""
      }
    ]
  ])
}

output "records" {
  description = "Every record by a key that does not change with the others"
  value = {
    for record in concat(local.leading, local.signing) :
    record.key => { source = record.source, type = record.type, target = record.target, ttl = var.ttl }
  }
}
