"""Athena without AWS: Trino 476 behind an endpoint that speaks Athena's API; moto is S3 and Glue.

Athena's engine 3 is of Trino's lineage. It is not Athena: no IAM, no quotas, none of Athena's own restrictions. What that leaves
unproved is listed in docs/deploy.md.
"""
