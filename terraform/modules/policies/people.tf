# What others may do: the service that starts the container, the rule that starts a run, people who query.
locals {
  # Below the lake: silver's tables, and the Iceberg tables of the marts.
  read_by_people = ["silver", "warehouse/athena"]

  others = {
    # ECS itself, before the container runs: fetch the image, open the log, hand over secrets.
    execution = concat([
      { Sid = "ImageLogin", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] },
      {
        Sid    = "Image", Effect = "Allow", Resource = [var.runner.repository_arn]
        Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      },
      { Sid = "Log", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = [local.arns.logs] },
      ], length(var.runner.secret_arns) == 0 ? [] : [
      { Sid = "Secrets", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = var.runner.secret_arns },
      ], length(var.runner.secret_arns) == 0 || var.key_arn == null ? [] : [
      {
        Sid       = "SecretsKey", Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.aws.region}.amazonaws.com" } }
      },
    ])

    # EventBridge: start the one task, hand it the two roles, put what it couldn't start into the queue.
    events = [
      {
        Sid       = "StartTheTask", Effect = "Allow", Action = ["ecs:RunTask"]
        Resource  = [for revision in ["", ":*"] : "arn:${var.aws.partition}:ecs:${var.aws.region}:${var.aws.account_id}:task-definition/${var.names.prefix}-run${revision}"]
        Condition = { ArnEquals = { "ecs:cluster" = "arn:${var.aws.partition}:ecs:${var.aws.region}:${var.aws.account_id}:cluster/${var.names.prefix}" } }
      },
      {
        Sid       = "WithItsRoles", Effect = "Allow", Action = ["iam:PassRole"]
        Resource  = [local.arns.runner_role, "arn:${var.aws.partition}:iam::${var.aws.account_id}:role/${var.names.prefix}-execution"]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]

    # People with Athena: query silver and gold in finlake's workgroup, nothing of bronze, no write but the results. A view of gold
    # reads its rows in `builds` with the rights of whoever asks.
    analyst = concat([
      {
        Sid    = "Query", Effect = "Allow", Resource = [local.arns.workgroup]
        Action = ["athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup", "athena:StartQueryExecution", "athena:StopQueryExecution"]
      },
      {
        # Athena's console: saved and recent queries, databases and tables beside the editor.
        Sid    = "SavedAndRecentQueries", Effect = "Allow", Resource = [local.arns.workgroup]
        Action = [for what in ["BatchGetNamedQuery", "BatchGetQueryExecution", "GetNamedQuery", "ListNamedQueries", "ListQueryExecutions"] : "athena:${what}"]
      },
      {
        Sid    = "Console", Effect = "Allow", Resource = [local.arns.datacatalog]
        Action = [for what in ["GetDataCatalog", "GetDatabase", "GetTableMetadata", "ListDatabases", "ListTableMetadata"] : "athena:${what}"]
      },
      { Sid = "ConsoleLists", Effect = "Allow", Action = ["athena:ListDataCatalogs", "athena:ListWorkGroups"], Resource = ["*"] },
      { Sid = "DefaultDatabase", Effect = "Allow", Action = local.mapping.of_default_database, Resource = local.default_database },
      {
        Sid = "Tables", Effect = "Allow", Action = ["glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
        Resource = concat(["${local.arns.glue}:catalog"], flatten([
          for layer in ["silver", "gold", "builds"] : [
            "${local.arns.glue}:database/${var.names.databases[layer]}", "${local.arns.glue}:table/${var.names.databases[layer]}/*"
          ]
        ]))
      },
      {
        # `finlake query` opens the lake by its marker.
        Sid = "Data", Effect = "Allow", Action = ["s3:GetObject"]
        Resource = concat(["${local.arns.lake}/${var.names.lake_prefix}/finlake-lake.json"], [
          for place in local.read_by_people : "${local.arns.lake}/${var.names.lake_prefix}/${place}/*"
        ])
      },
      {
        Sid       = "DataList", Effect = "Allow", Action = ["s3:ListBucket"], Resource = [local.arns.lake]
        Condition = { StringLike = { "s3:prefix" = [for place in local.read_by_people : "${var.names.lake_prefix}/${place}/*"] } }
      },
      {
        Sid    = "Results", Effect = "Allow", Resource = ["${local.arns.results}/*"]
        Action = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
      },
      {
        Sid    = "ResultsList", Effect = "Allow", Resource = [local.arns.results]
        Action = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
      },
      ], var.key_arn == null ? [] : [
      { Sid = "Key", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.key_arn], Condition = local.via },
    ])
  }
}
