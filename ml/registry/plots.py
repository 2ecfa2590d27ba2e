"""Pictures and tables of a training for whoever looks at it in MLflow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ml.forecast.panel import BOTTOM
from ml.forecast.train import History, Trained

_TOP = "organisation|organisation"


def plots(history: History, trained: Trained, folder: Path, currency: str) -> None:
    """Write backtest errors by candidate and horizon (CSV), the weights (CSV), and two plots (PNG) of one currency."""
    errors = candidate_errors(history)
    errors.to_csv(folder / f"{currency}_backtest.csv", index=False)
    weights = trained.days.weights.reset_index()
    weights.to_csv(folder / f"{currency}_weights.csv", index=False)
    trained.days.widths.reset_index().to_csv(folder / f"{currency}_widths.csv", index=False)
    _draw(history, errors, folder, currency)


def candidate_errors(history: History) -> pd.DataFrame:
    """1 − WAPE of every candidate alone over all windows: level, candidate, horizon (28 or 90 days), accuracy, windows."""
    windows, rows = history.days, []
    level = history.panel.keys.loc[list(windows.ids), "level"].to_numpy()
    for until in (28, 90):
        came = windows.came[:, None, :until]
        said = windows.said[:, :, :until]
        known = ~np.isnan(came) & ~np.isnan(said)
        off, size = np.where(known, np.abs(said - came), 0.0), np.where(known, np.abs(came), 0.0)
        for one in ("organisation", "account", "service", BOTTOM):
            at = level == one
            for number, name in enumerate(windows.names):
                total = size[:, number][..., at].sum()
                if total > 0:
                    accuracy = 1 - off[:, number][..., at].sum() / total
                    rows.append((one, name, until, accuracy, len(windows.origins)))
    return pd.DataFrame(rows, columns=["level", "candidate", "horizon", "accuracy", "windows"])


def _draw(history: History, errors: pd.DataFrame, folder: Path, currency: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(13, 4.5), constrained_layout=True)
    daily = history.panel.values[_TOP].iloc[-180:]
    axes[0].plot(daily.index, daily, color="black", linewidth=1, label="cost")
    windows = history.days
    top = list(windows.ids).index(_TOP)
    for number, name in enumerate(windows.names):
        if not len(windows.origins):
            break
        origin = windows.origins[-1]
        days = pd.date_range(origin + pd.Timedelta(days=1), periods=windows.said.shape[2])
        axes[0].plot(days, windows.said[-1, number, :, top], linewidth=1, label=name)
    axes[0].set_title(f"Last window, organisation, {currency} a day")
    axes[0].legend(fontsize=8)
    shown = errors[(errors["horizon"] == 28) & (errors["level"] == BOTTOM)]
    axes[1].barh(shown["candidate"], shown["accuracy"], color="#4477aa")
    axes[1].set_title("1 − WAPE of each candidate, account × service, 28 days")
    figure.savefig(folder / f"{currency}_backtest.png", dpi=110)
    pyplot.close(figure)
