"""Forecasts of the net amortised cost: daily to 90 days, monthly to 12 months, coherent along the hierarchy."""
