resource "aws_kms_key" "this" {
  description             = "finlake: lake, ledger, results, logs"
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_window_days
  policy                  = var.policy
  tags                    = var.tags

  lifecycle {
    prevent_destroy = true # without the key nothing of the lake can be read again
  }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.prefix}"
  target_key_id = aws_kms_key.this.key_id
}
