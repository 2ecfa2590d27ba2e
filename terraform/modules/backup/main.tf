resource "aws_backup_vault" "this" {
  name          = var.prefix
  kms_key_arn   = var.key_arn
  force_destroy = false
  tags          = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_backup_vault_lock_configuration" "this" {
  count = var.lock_days == null ? 0 : 1

  backup_vault_name  = aws_backup_vault.this.name
  min_retention_days = var.lock_days
}

resource "aws_backup_plan" "this" {
  name = var.prefix
  tags = var.tags

  dynamic "rule" {
    for_each = var.rules

    content {
      rule_name         = rule.key
      target_vault_name = aws_backup_vault.this.name
      schedule          = rule.value.schedule

      lifecycle {
        delete_after = rule.value.keep_days
      }
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.prefix}-backup"
  description        = "finlake: AWS Backup"
  assume_role_policy = var.trust
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "backup" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:${var.partition}:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
}

resource "aws_backup_selection" "this" {
  name         = var.prefix
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.this.arn
  resources    = var.resource_arns
}
