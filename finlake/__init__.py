"""finlake: a FinOps lakehouse for AWS. This package is the leaf that every other room may import."""

__version__ = "0.1.0"
