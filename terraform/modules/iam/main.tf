resource "aws_iam_role" "this" {
  for_each = var.roles

  name                  = "${var.prefix}-${each.key}"
  description           = "finlake: ${each.key}"
  assume_role_policy    = var.trust[each.key]
  max_session_duration  = 3600
  force_detach_policies = false
  tags                  = var.tags
}

# Inline, so that the permissions live and die with the role and no other role can be given them.
resource "aws_iam_role_policy" "this" {
  for_each = var.roles

  name   = each.key
  role   = aws_iam_role.this[each.key].name
  policy = var.permissions[each.key]
}
