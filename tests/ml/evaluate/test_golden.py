"""The scorer of planted events."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.anomaly.detect import detect
from ml.config import load
from ml.evaluate import golden
from ml.evaluate.outside import point_counts
from tests.ml.anomaly.made import START, TRUTH, bill, habit, line, organisation

EVENT = dict(
    zip(
        TRUTH,
        ["A1", "1" * 12, "AmazonEC2", "us-east-1", "", "", "2024-05-01", "2024-05-03", "spike", 200.0],
        strict=True,
    )
)


def alert(**parts):
    row = {
        "account_id": "1" * 12,
        "service": "nat_gateway",
        "region": "us-east-1",
        "usage_type": None,
        "impact": 1.0,
    }
    days = {
        "started_at": pd.Timestamp("2024-05-01"),
        "ended_at": pd.Timestamp("2024-05-03"),
        "measure": "cost",
    }
    return {**row, **days, **parts}


def test_services_are_those_of_the_product():
    assert {"ec2", "ebs", "nat_gateway", "data_transfer"} <= golden.services_of("AmazonEC2")
    assert golden.services_of("AmazonAthena") == {"athena"}


@pytest.mark.parametrize(
    ("parts", "fits"),
    [
        ({}, True),
        ({"service": "athena"}, False),
        ({"region": "eu-west-1"}, False),
        ({"region": None}, True),
        ({"impact": -1.0}, False),
        ({"account_id": "2" * 12}, False),
        ({"started_at": pd.Timestamp("2024-05-05"), "ended_at": pd.Timestamp("2024-05-09")}, True),
        ({"started_at": pd.Timestamp("2024-05-06"), "ended_at": pd.Timestamp("2024-05-09")}, False),
    ],
)
def test_an_alert_fits_an_event_of_its_place_and_time(parts, fits):
    assert golden.matches(alert(**parts), EVENT) is fits


def test_figures_by_hand():
    one = line(habit(np.random.default_rng(0), 200, noise=0.0, growth=0.0))
    before = one.amounts[121:124].sum()
    one.scale(121, 3, 4.0)
    start = START + pd.Timedelta(days=121)
    place = {
        "account": "1" * 12,
        "service": "AmazonAthena",
        "region": "us-east-1",
        "usage_type": "",
        "resource": "",
    }
    event = {
        "id": "A",
        **place,
        "start": start,
        "end": start + pd.Timedelta(days=2),
        "kind": "spike",
        "extra_cost": 3 * before,
    }
    truth = golden.with_ratio(pd.DataFrame([event]), bill([one]), date(2024, 7, 18))
    assert truth["ratio"].tolist() == pytest.approx([4.0])
    assert truth["band"].tolist() == ["3x"]
    right = alert(service="athena", started_at=start, ended_at=start)
    wrong = alert(service="glue")
    figures = golden.score(pd.DataFrame([right, wrong]), truth, series=10, weeks=5.0, floor=10.0)
    assert figures["precision"] == 0.5
    assert figures["false_per_100_series_weeks"] == 2.0
    assert figures["recall_3x"] == 1.0
    assert figures["recall_2x"] is None
    assert golden.missed(pd.DataFrame([wrong]), truth)["id"].tolist() == ["A"]


def test_most_planted_events_of_wild_bills_are_found_and_little_else():
    found, wanted, told, false = 0, 0, 0, 0
    for seed in (100, 101):
        frame, truth = organisation(seed)
        until = frame["usage_date"].max().date()
        alerts = detect(frame, until, load("anomaly"))
        figures = golden.score(alerts, golden.with_ratio(truth, frame, until), 50, 60.0, 10.0)
        wanted += figures["events_3x"]
        found += round((figures["recall_3x"] or 0) * figures["events_3x"])
        told, false = told + figures["alerts"], false + figures["false"]
    assert found >= 0.85 * wanted
    assert false <= 0.2 * told


def test_points_and_events_are_counted():
    labels = np.array([0, 1, 1, 0, 0, 1, 0, 1], dtype=bool)
    told = np.array([1, 0, 1, 0, 0, 0, 0, 1], dtype=bool)
    counts = point_counts(told, labels)
    assert counts == {"points": 8, "labelled": 4, "told": 3, "right": 2, "events": 3, "events_found": 2}
