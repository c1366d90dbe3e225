run "a_practice_fits_on_four_small_machines" {
  command = plan

  variables {
    documents_per_day = 200
  }

  assert {
    condition     = output.nodes == 4 && output.volume_gigabytes == 30
    error_message = "${output.nodes} machines, ${output.volume_gigabytes} GB"
  }
}

run "a_volume_grows_with_what_is_kept" {
  command = plan

  variables {
    documents_per_day  = 5000
    document_kilobytes = 32
  }

  assert {
    condition     = output.volume_gigabytes == 1120
    error_message = "${output.volume_gigabytes} GB"
  }
}

run "no_volume_is_smaller_than_ten_gigabytes" {
  command = plan

  variables {
    documents_per_day = 1
  }

  assert {
    condition     = output.volume_gigabytes == 10
    error_message = "${output.volume_gigabytes} GB"
  }
}

run "more_pods_than_postgresql_has_connections_for_are_refused" {
  command = plan

  variables {
    documents_per_day = 200
    replicas          = 6
  }

  expect_failures = [output.connections]
}

run "two_servers_are_refused" {
  command = plan

  variables {
    documents_per_day  = 200
    database_instances = 2
  }

  expect_failures = [var.database_instances]
}

run "more_than_a_server_can_hold_is_refused" {
  command = plan

  variables {
    documents_per_day  = 100000
    document_kilobytes = 64
  }

  expect_failures = [output.volume_gigabytes]
}
