# Only the Terraform ruleset: the one for AWS is a download from a host that CI may not reach.
config {
  call_module_type = "local"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}
