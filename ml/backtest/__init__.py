"""Backtests: what the models would have said at former days, beside what came and what simple methods said."""
