resource "aws_iam_role" "this" {
  name                 = var.role_name
  description          = "finlake reads this account; it can change nothing in it"
  assume_role_policy   = var.trust
  max_session_duration = 3600
  tags                 = var.tags
}

resource "aws_iam_role_policy" "this" {
  name   = "read"
  role   = aws_iam_role.this.name
  policy = var.permissions
}
