environment       = "production"
shared            = true
domain            = "on-track.ch"
documents_per_day = 2000

# The two ids are those of the customer, TF_VAR_cluster may give the whole object instead.
cluster = {
  public_cloud_id         = 0
  public_cloud_project_id = 0
  name                    = "oc"
  region                  = "dc4-a"
  availability_zone       = "az-1"
  pack                    = "dedicated"
  kubernetes_version      = "1.34"
  flavor                  = "a4-ram8-disk80-perf1"
  node_processors         = 4
  node_gigabytes          = 8
  administrators          = ["192.0.2.0/24"]
}
