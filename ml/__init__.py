"""Forecasts, anomalies and patterns: pure functions of frames. What reads and writes lies in pipeline/."""
