output "hosts" {
  description = "Host names of the environment"
  value       = module.names.hosts
}

output "secrets" {
  description = "What infra/seed-secrets.sh fills"
  value       = module.secrets.layout
}

output "database_volume_gigabytes" {
  description = "Volume that each PostgreSQL server needs (postgresql.cnpg.storage.size)"
  value       = module.sizing.volume_gigabytes
}

output "kubeconfig" {
  description = "How the cluster is reached: terraform output -raw kubeconfig"
  value       = one(infomaniak_kaas.cluster[*].kubeconfig)
  sensitive   = true
}
