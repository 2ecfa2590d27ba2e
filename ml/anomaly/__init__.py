"""Anomalies of cost, usage and metrics: one filter for all series, events, causes, and what people said about them."""
