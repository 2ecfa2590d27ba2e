"""What a ledger of metric files promises, the same in both forms."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from finlake.metric_ledger import MetricBatch, MetricLedger, MetricRefusal, TakenFile

Open = Callable[[], MetricLedger]


def file(mark: str, content: str, at: int, *days: str, points: int = 3) -> TakenFile:
    return TakenFile(mark, f"key {mark}", content, f"2026-03-{at:02}", "m", points, days or ("2026-03-10",))


def batch(sequence: int, *files: TakenFile) -> MetricBatch:
    return MetricBatch(sequence, files)


def test_files_contents_days_and_totals(metric_ledger: Open) -> None:
    ledger = metric_ledger()
    ledger.take_over([batch(1, file("a", "x", 11, "2026-03-10", "2026-03-11"), file("b", "y", 12))])
    found = metric_ledger()
    assert (found.is_there(), found.sequence()) == (True, 1)
    assert found.known(["a", "b", "c"]) == {"a", "b"} and found.known([]) == set()
    assert found.has_content("x") and not found.has_content("z")
    assert found.days() == {"2026-03-10": 1, "2026-03-11": 1}
    assert found.contents_of("2026-03-10") == [("x", "2026-03-11 m"), ("y", "2026-03-12 m")]
    assert found.totals() == {"files": 2, "points": 6}


def test_the_same_content_again(metric_ledger: Open) -> None:
    """Later it changes nothing; earlier it moves the content and its days are to be made anew. Points count once."""
    ledger = metric_ledger()
    ledger.take_over([batch(1, file("a", "x", 12)), batch(2, file("b", "x", 13))])
    assert metric_ledger().days() == {"2026-03-10": 1}
    ledger.take_over([batch(3, file("c", "x", 11))])
    assert metric_ledger().days() == {"2026-03-10": 3}
    assert metric_ledger().contents_of("2026-03-10") == [("x", "2026-03-11 m")]
    assert metric_ledger().totals() == {"files": 3, "points": 3}


def test_a_batch_of_hundreds_and_made_anew(metric_ledger: Open) -> None:
    ledger = metric_ledger()
    many = [file(f"f{n}", f"c{n}", 11, f"2026-03-{1 + n % 28:02}", points=n) for n in range(120)]
    ledger.take_over([batch(1, *many)])
    assert metric_ledger().known([f"f{n}" for n in range(150)]) == {f"f{n}" for n in range(120)}
    assert metric_ledger().totals() == {"files": 120, "points": sum(range(120))}
    ledger.take_over([batch(1, file("a", "x", 11))], anew=True)
    assert (metric_ledger().totals(), metric_ledger().days()) == (
        {"files": 1, "points": 3},
        {"2026-03-10": 1},
    )


def test_refusals_are_replaced(metric_ledger: Open) -> None:
    def refusal(mark: str) -> MetricRefusal:
        return MetricRefusal(mark, f"key {mark}", {"what": "damaged"}, "1", "2026-03-11")

    metric_ledger().set_refusals([refusal("a"), refusal("b")])
    metric_ledger().set_refusals([refusal("b"), refusal("c")])
    assert metric_ledger().refusals() == [refusal("b"), refusal("c")]


@pytest.mark.parametrize("metric_ledger", ["dynamodb"], indirect=True)
@pytest.mark.parametrize("after", range(4))
def test_a_batch_that_was_cut_off_is_noted_again(
    metric_ledger: Open, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """A batch is several transactions: killed between any two, the next process takes it over with the same result."""
    from finlake.dynamo import Items

    whole = batch(1, *(file(f"f{n}", f"c{n}", 11, f"2026-03-{1 + n % 28:02}") for n in range(120)))
    real, made = Items.change, []

    def cut_off(items: Items, changes: list[object]) -> None:
        for start in range(0, len(changes), 99):
            if len(made) == after:
                raise KeyboardInterrupt
            made.append(start)
            real(items, changes[start : start + 99])  # type: ignore[arg-type]

    ledger = metric_ledger()
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Items, "change", cut_off)
        ledger.take_over([whole])
    assert metric_ledger().sequence() == 0
    metric_ledger().take_over([whole])
    found = metric_ledger()
    assert found.days() == {f"2026-03-{day:02}": 1 for day in range(1, 29)}
    assert found.totals() == {"files": 120, "points": 360} and found.sequence() == 1
    assert sum(len(found.contents_of(day)) for day in found.days()) == 120
