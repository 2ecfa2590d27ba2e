"""The detector on labelled series that others made: NAB's groups and the cloud monitoring set, with a frozen configuration.

Files are read and runs are logged here as well, so that one command scores a set and leaves its trace:
`python -m ml.evaluate.outside DATA_FOLDER LOG_FILE DAY NOTE`. It refuses a configuration whose hash isn't in ml/frozen.yml.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.anomaly.gauge import Floats
from ml.anomaly.points import fixed_threshold, point_scores
from ml.anomaly.seasons import grain_of
from ml.config import load
from ml.evaluate import nab
from ml.evaluate.log import frozen, note_run

OPERATIONAL = ("realTraffic", "realTweets")
NAB_GROUPS = ("realTraffic", "realTweets", "artificialWithAnomaly", "artificialNoAnomaly")


def nab_files(folder: Path, config: Mapping[str, Any]) -> tuple[list[nab.File], list[str]]:
    """NAB's files with the detector's scores, and the group of each."""
    windows = json.loads((folder / "combined_windows.json").read_text(encoding="utf-8"))
    files, groups = [], []
    for group in NAB_GROUPS:
        for path in sorted((folder / group).glob("*.csv")):
            frame = pd.read_csv(path, parse_dates=["timestamp"])
            times = pd.DatetimeIndex(frame["timestamp"])
            scores = point_scores(frame["value"].to_numpy(float), times, grain_of(times), config)
            limits = tuple(
                (pd.Timestamp(a), pd.Timestamp(b)) for a, b in windows.get(f"{group}/{path.name}", [])
            )
            files.append(nab.File(f"{group}/{path.name}", times, scores, limits))
            groups.append(group)
    return files, groups


def nab_table(files: list[nab.File], groups: list[str], config: Mapping[str, Any]) -> pd.DataFrame:
    """NAB's scores with the threshold chosen over all files that are there, and over those of the operational groups only."""
    fixed = fixed_threshold(config)
    real = [(file, group) for file, group in zip(files, groups, strict=True) if group in OPERATIONAL]
    whole = nab.table(files, groups, fixed).assign(corpus="all")
    part = nab.table([file for file, _ in real], [group for _, group in real], fixed).assign(
        corpus="operational"
    )
    return pd.concat([whole, part], ignore_index=True)


def cloud_table(folder: Path, config: Mapping[str, Any]) -> pd.DataFrame:
    """Precision, recall and F1 by alert and event, and by point, for each group of the cloud monitoring set and for `all`."""
    counts = []
    for path in sorted(folder.glob("*/*.csv")):
        frame = pd.read_csv(path)
        frame.columns = [str(column).lower() for column in frame.columns]
        times = pd.DatetimeIndex(pd.to_datetime(frame["timestamp"], utc=True)).tz_localize(None)
        scores = point_scores(frame["value"].to_numpy(float), times, grain_of(times), config)
        row = point_counts(scores >= fixed_threshold(config), frame["label"].to_numpy() > 0)
        counts.append({"group": path.parent.name, "files": 1, **row})
    found = pd.DataFrame(counts)
    whole = pd.concat(
        [
            found.groupby("group").sum().reset_index(),
            found.drop(columns="group").sum().to_frame().T.assign(group="all"),
        ]
    )
    return _rates(whole.reset_index(drop=True))


def point_counts(told: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> dict[str, int]:
    """Counts by which precision and recall are told; an event is a run of labelled points."""
    starts = np.flatnonzero(labels & ~np.concatenate([[False], labels[:-1]]))
    ends = np.flatnonzero(labels & ~np.concatenate([labels[1:], [False]]))
    hit = sum(bool(told[start : end + 1].any()) for start, end in zip(starts, ends, strict=True))
    return {
        "points": len(labels),
        "labelled": int(labels.sum()),
        "told": int(told.sum()),
        "right": int((told & labels).sum()),
        "events": len(starts),
        "events_found": hit,
    }


def _rates(counts: pd.DataFrame) -> pd.DataFrame:
    told, right = counts["told"].to_numpy(float), counts["right"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = right / told
        by_event = counts["events_found"].to_numpy(float) / counts["events"].to_numpy(float)
        by_point = right / counts["labelled"].to_numpy(float)
    return counts.assign(
        precision=precision,
        recall_events=by_event,
        f1_events=_f1(precision, by_event),
        recall_points=by_point,
        f1_points=_f1(precision, by_point),
    )


def _f1(precision: Floats, recall: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(2 * precision * recall / (precision + recall))


def main(data: Path, log: Path, day: str, note: str) -> None:
    """Score both sets with the frozen configuration, print the tables, append one line for each set to the log."""
    frozen("anomaly")
    config = load("anomaly")
    files, groups = nab_files(data / "nab", config)
    tables = {
        "nab": nab_table(files, groups, config),
        "cloud_monitoring": cloud_table(data / "cloud_monitoring", config),
    }
    for name, table in tables.items():
        print(name, table.round(3).to_string(index=False), sep="\n")
        note_run(log, "anomaly", name, data / name, table, day, note)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
