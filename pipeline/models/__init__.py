"""Training, scoring, backtests and versions of the models on a lake: what commands and DAGs call. The models themselves lie
in ml/."""
