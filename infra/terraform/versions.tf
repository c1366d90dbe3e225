terraform {
  required_version = ">= 1.9"

  required_providers {
    infomaniak = {
      source  = "Infomaniak/infomaniak"
      version = "~> 1.4"
    }
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.0"
    }
    vault = {
      source  = "hashicorp/vault"
      version = "~> 5.0"
    }
  }

  # Where the state lies is said at `init`, with -backend-config (README.md).
  backend "s3" {}
}

# All three take their credentials from the environment: INFOMANIAK_TOKEN, OS_*, VAULT_ADDR
# and VAULT_TOKEN.
provider "infomaniak" {}
provider "openstack" {}
provider "vault" {}
