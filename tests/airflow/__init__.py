"""Airflow as it runs in production: PostgreSQL behind it, a lake on S3, marts on Athena."""
