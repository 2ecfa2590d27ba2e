"""Versions of the models in MLflow: what they learned from, how they did, which of them counts, and the way back."""
