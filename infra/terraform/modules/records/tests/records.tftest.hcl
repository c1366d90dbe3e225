variables {
  labels = { provider = "provider", client = "client" }
}

run "every_host_name_leads_to_every_address" {
  command = plan

  variables {
    addresses = ["192.0.2.10", "2001:db8::10"]
  }

  assert {
    condition     = length([for record in output.records : record if record.type == "A"]) == 2
    error_message = "one A record for each host name"
  }

  assert {
    condition     = output.records["client AAAA 2001:db8::10"].target == "2001:db8::10"
    error_message = "one AAAA record for each host name"
  }
}

run "before_there_is_a_gateway_only_authorities_are_named" {
  command = plan

  assert {
    condition     = toset([for record in output.records : record.type]) == toset(["CAA"])
    error_message = "an address came from nowhere"
  }

  assert {
    condition     = output.records["provider CAA letsencrypt.org"].target == "0 issue \"letsencrypt.org\""
    error_message = "another authority: ${jsonencode(output.records)}"
  }
}

run "a_name_is_no_address" {
  command = plan

  variables {
    addresses = ["lb.example.org"]
  }

  expect_failures = [var.addresses]
}

run "somebody_has_to_sign" {
  command = plan

  variables {
    authorities = []
  }

  expect_failures = [var.authorities]
}
