variables {
  environment = "production"
  shared      = true
  namespaces  = { provider = "oc-provider", client = "oc-client" }
}

run "a_role_can_not_read_the_keys_of_the_other" {
  command = plan

  assert {
    condition     = strcontains(output.policies["oc-provider"], "oc-production/data/provider\"") && !strcontains(output.policies["oc-provider"], "data/client")
    error_message = output.policies["oc-provider"]
  }

  assert {
    condition     = strcontains(output.policies["oc-client"], "oc-production/data/client\"") && !strcontains(output.policies["oc-client"], "data/provider")
    error_message = output.policies["oc-client"]
  }

  assert {
    condition     = !strcontains(output.policies["oc-monitoring"], "data/provider") && !strcontains(output.policies["oc-monitoring"], "data/backups")
    error_message = output.policies["oc-monitoring"]
  }
}

run "nobody_may_do_more_than_read" {
  command = plan

  assert {
    condition     = alltrue([for policy in output.policies : !can(regex("create|update|delete|list|sudo", policy))])
    error_message = jsonencode(output.policies)
  }
}

run "staging_has_a_part_of_the_store_of_its_own" {
  command = plan

  variables {
    environment = "staging"
    shared      = false
    namespaces  = { provider = "oc-staging-provider", client = "oc-staging-client" }
  }

  assert {
    condition     = output.mounts == toset(["oc-staging"]) && !can(regex("oc-production|oc-shared", jsonencode(output.policies)))
    error_message = jsonencode(output.policies)
  }
}
