run "production_has_the_names_of_the_contract" {
  command = plan

  variables {
    environment = "production"
    domain      = "on-track.ch"
  }

  assert {
    condition = output.hosts == {
      provider   = "provider.on-track.ch"
      client     = "client.on-track.ch"
      client-api = "api.client.on-track.ch"
    }
    error_message = "other host names: ${jsonencode(output.hosts)}"
  }

  assert {
    condition     = output.namespaces == { provider = "oc-provider", client = "oc-client" }
    error_message = "other namespaces: ${jsonencode(output.namespaces)}"
  }
}

run "staging_shares_no_name_with_production" {
  command = plan

  variables {
    environment = "staging"
    domain      = "on-track.ch"
  }

  assert {
    condition = output.hosts == {
      provider = "staging.provider.on-track.ch"
      client   = "staging.client.on-track.ch"
    }
    error_message = "other host names: ${jsonencode(output.hosts)}"
  }

  assert {
    condition     = output.namespaces == { provider = "oc-staging-provider", client = "oc-staging-client" }
    error_message = "other namespaces: ${jsonencode(output.namespaces)}"
  }
}

run "other_environments_are_refused" {
  command = plan

  variables {
    environment = "local"
    domain      = "on-track.ch"
  }

  expect_failures = [var.environment]
}

run "a_domain_with_a_dot_at_its_end_is_refused" {
  command = plan

  variables {
    environment = "production"
    domain      = "on-track.ch."
  }

  expect_failures = [var.domain]
}
