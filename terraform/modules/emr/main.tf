resource "aws_emrserverless_application" "this" {
  name          = var.name
  release_label = var.release
  type          = "spark"
  architecture  = "X86_64"
  tags          = var.tags

  maximum_capacity {
    cpu    = "${var.most.vcpu} vCPU"
    memory = "${var.most.memory_gb} GB"
    disk   = "${var.most.disk_gb} GB"
  }

  auto_start_configuration {
    enabled = true
  }

  auto_stop_configuration {
    enabled              = true
    idle_timeout_minutes = var.idle_minutes
  }

  network_configuration {
    subnet_ids         = var.network.subnet_ids
    security_group_ids = var.network.security_group_ids
  }

  dynamic "image_configuration" {
    for_each = var.image_uri == null ? [] : [var.image_uri]

    content {
      image_uri = image_configuration.value
    }
  }

  # Encrypted by EMR's own key: with finlake's, AWS asks who submits a job to hold rights on it beyond S3 and DynamoDB.
  monitoring_configuration {
    managed_persistence_monitoring_configuration {
      enabled = true
    }
  }
}
