"""Labels that people give to alerts, and what the next run makes of them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from ml.anomaly.detect import detect
from ml.config import load
from tests.ml.anomaly.made import START, Line, bill, habit, line

CONFIG = load("anomaly")
DAYS = 300
UNTIL = (START + timedelta(days=DAYS - 1)).date()


def spikes(*starts: int, factor: float = 3.0) -> Line:
    one = line(habit(np.random.default_rng(0), DAYS))
    for start in starts:
        one.scale(start, 2, factor)
    return one


def told(lines: list[Line], labels: pd.DataFrame | None = None) -> pd.DataFrame:
    return detect(bill(lines), UNTIL, CONFIG, labels=labels)


def labels(*pairs: tuple[str, str]) -> pd.DataFrame:
    rows = [
        (name, label, "ana", START + pd.Timedelta(days=number), None)
        for number, (name, label) in enumerate(pairs)
    ]
    return pd.DataFrame(rows, columns=["anomaly_id", "label", "labelled_by", "labelled_at", "note"])


def test_a_false_alarm_is_gone_and_its_like_needs_twice_as_much():
    small = spikes(100, 160)
    small.scale(220, 2, 6.0)
    before = told([small])
    assert len(before) == 3
    first = before["anomaly_id"].iloc[0]
    small_money = np.abs(before["impact"].iloc[1])
    after = told([small], labels((first, "false_alarm")))
    assert first not in set(after["anomaly_id"])
    assert small_money > 2 * CONFIG["alert"]["floor"]
    assert after["started_at"].tolist() == before["started_at"].tolist()[1:]


def test_weak_alerts_of_a_doubted_signature_are_raised_out():
    weak = spikes(100, 160, factor=1.55)
    weak.scale(220, 2, 6.0)
    config = {**CONFIG, "alert": {**CONFIG["alert"], "short_ratio": 1.4, "strength": 4.0}}
    before = detect(bill([weak]), UNTIL, config)
    assert len(before) == 3
    after = detect(bill([weak]), UNTIL, config, labels=labels((before["anomaly_id"].iloc[0], "false_alarm")))
    assert after["anomaly_id"].tolist() == before["anomaly_id"].tolist()[2:]


def test_two_false_alarms_mute_the_signature_and_nothing_else():
    other = spikes(200)
    other.keys |= {"account_id": "222222222222"}
    lines = [spikes(100, 160, 220), other]
    before = told(lines)
    doubted = before[before["account_id"] == "111111111111"]["anomaly_id"].tolist()
    after = told(lines, labels((doubted[0], "false_alarm"), (doubted[1], "false_alarm")))
    assert after["account_id"].tolist() == ["222222222222"]


def test_a_confirmed_anomaly_makes_up_for_a_false_alarm():
    one = spikes(100, 160, 220)
    names = told([one])["anomaly_id"].tolist()
    after = told([one], labels((names[0], "false_alarm"), (names[1], "anomaly")))
    assert after["anomaly_id"].tolist() == names[1:]


def test_expected_covers_the_same_days_of_the_next_months():
    campaign = spikes((pd.Timestamp("2024-04-12") - START).days, (pd.Timestamp("2024-05-11") - START).days)
    campaign.scale((pd.Timestamp("2024-07-25") - START).days, 2, 3.0)
    names = told([campaign])["anomaly_id"].tolist()
    assert len(names) == 3
    after = told([campaign], labels((names[0], "expected")))
    assert after["anomaly_id"].tolist() == names[2:]


def test_the_newest_label_counts():
    one = spikes(100)
    name = told([one])["anomaly_id"].iloc[0]
    assert told([one], labels((name, "false_alarm"))).empty
    assert len(told([one], labels((name, "false_alarm"), (name, "anomaly")))) == 1


def test_labels_of_alerts_that_are_no_more_do_nothing():
    one = spikes(100)
    pd.testing.assert_frame_equal(told([one]), told([one], labels(("0123456789abcdef", "false_alarm"))))
