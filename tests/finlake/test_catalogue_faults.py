"""Faults of the service catalogue name file and key; defaults, idle rules, loading and fingerprint."""

from __future__ import annotations

from pathlib import Path

import pytest

from finlake.catalogue import Catalogue
from finlake.errors import ConfigurationError, NotFound
from finlake.paths import SERVICES_DIR
from finlake.service_files import examine
from finlake.service_model import UNMAPPED

DEFAULTS = (SERVICES_DIR / "_defaults.yml").read_text(encoding="utf-8")
QUEUE = """\
service: queue
title: A queue
category: Integration
match:
  - {product_code: TheQueue}
examples:
  - {bill: {product_code: TheQueue}, is: queue}
"""
METRICS = """\
resource: {type: "q:queue", id_like: "q-%"}
cloudwatch: {namespace: AWS/Q, dimension: Queue, metrics: {sent: {name: Sent, stat: Sum}}}
idle:
  - when: {sent: {at_most: 0}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalogue of one valid service."""
    (tmp_path / "_defaults.yml").write_text(DEFAULTS, encoding="utf-8")
    (tmp_path / "queue.yml").write_text(QUEUE, encoding="utf-8")
    return tmp_path


def faults(folder: Path, text: str, name: str = "queue") -> list[str]:
    (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return [str(problem) for problem in examine(folder)[1]]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (QUEUE + "colour: red\n", "queue.yml: colour: unknown key"),
        (QUEUE.replace("product_code: TheQueue}\nex", "product_kode: TheQueue}\nex"),
         "queue.yml: match.0.product_kode: unknown key; did you mean 'product_code'?"),
        (QUEUE.replace("is: queue", "is: queue, because: no"), "queue.yml: examples.0.because: unknown key"),
        (QUEUE.replace("title: A queue\n", ""), "queue.yml: title: required key is missing"),
        (QUEUE.replace("Integration", "integration"), "queue.yml: category: Input should be 'AI and Machine"),
        (QUEUE.replace("service: queue", "service: quueue"),
         "queue.yml: service: must be 'queue', the file's name"),
        (QUEUE.replace("{product_code: TheQueue}\nex", "{}\nex"),
         "queue.yml: match.0: needs at least one of"),
        (QUEUE.replace("TheQueue}\nex", "TheQueue, usage_type_like: a_b%}\nex"),
         "queue.yml: match.0.usage_type_like: "),
        (QUEUE + "title: Again\n", "queue.yml: line 8: key 'title' given twice"),
        (QUEUE + "resource: {type: 'q:queue', id_like: '%'}\n",
         "queue.yml: resource.0: an id_like that begins with %"),
        (QUEUE + "alerts: {daily_jump: {ratio: 0.5}}\n",
         "queue.yml: alerts.daily_jump.ratio: Input should be greater"),
        (QUEUE + METRICS.replace("when: {sent", "when: {set"), "queue.yml: idle.0.when.set: is no metric"),
        (QUEUE + METRICS + "    for_days: 0\n", "queue.yml: idle.0.for_days: Input should be greater"),
        (QUEUE + METRICS.replace("resource: {", "resource: []  # {"),
         "queue.yml: file: cloudwatch must name its resource"),
        (QUEUE + METRICS.replace("dimension: Queue,", "dimension: Queue, resource: 'q:topic',"),
         "queue.yml: file: cloudwatch speaks of q:topic"),
        (QUEUE + METRICS.replace("stat: Sum}", "stat: Sum, dimensions: {A: a, B: b}}"),
         "queue.yml: cloudwatch.0: metrics.sent: more than one fixed dimension"),
        (QUEUE + METRICS.replace("stat: Sum}", "stat: Average, silence: zero}"),
         "queue.yml: cloudwatch.0.metrics.sent: only a Sum or a SampleCount"),
        (QUEUE.replace("is: queue", "is: sqs"), "queue.yml: examples.0.is: must be 'queue'"),
        (QUEUE.replace("bill: {product_code: TheQueue}", "bill: {product_code: Other}"),
         "queue.yml: examples.0: must come out as 'queue' but is claimed by no service"),
        ("- a\n- list\n", "queue.yml: file: must be a mapping"),
        ("service: [\n", "queue.yml: line 2: "),
    ],
)  # fmt: skip
def test_a_fault_names_file_and_key(folder: Path, text: str, fault: str) -> None:
    found = faults(folder, text)
    assert any(line.startswith(fault) for line in found), found
    with pytest.raises(ConfigurationError) as caught:
        Catalogue.load(folder)
    assert caught.value.where.startswith(str(folder / "queue.yml"))
    assert caught.value.next_step


def test_two_services_may_not_claim_one_line_with_equal_rank(folder: Path) -> None:
    text = QUEUE.replace("TheQueue}, is", "TheQueue, usage_type: EU-x}, is")
    rival = text.replace("queue", "rival").replace("TheQueue}\nex", "TheQueue, usage_type_like: 'EU-%'}\nex")
    assert faults(folder, rival.replace("A queue", "A rival"), "rival") == []
    found = faults(folder, text.replace("TheQueue}\nex", "TheQueue, usage_type_like: '%-x'}\nex"))
    fault = "queue.yml: examples.0: is claimed by queue, rival with equal rank: make one rule more specific"
    assert fault in found


def test_doubles_between_files_are_faults(folder: Path) -> None:
    resource = "resource: {type: 'q:queue', id_like: 'q-%'}\n"
    (folder / "queue.yml").write_text(QUEUE + resource, encoding="utf-8")
    found = faults(folder, QUEUE.replace("queue", "rival") + resource.replace("q:queue", "q:rival"), "rival")
    assert any(line.startswith("rival.yml: match.0: ") for line in found)
    assert "rival.yml: resource.0: q-% is already that of queue.yml" in found
    assert "rival.yml: title: A queue is already that of queue.yml" in faults(
        folder, QUEUE.replace("service: queue", "service: rival").replace("is: queue", "is: rival"), "rival"
    )


def test_reserved_name_and_missing_folder(folder: Path, tmp_path: Path) -> None:
    assert any("is reserved" in line for line in faults(folder, QUEUE.replace("queue", UNMAPPED), UNMAPPED))
    with pytest.raises(NotFound):
        Catalogue.load(tmp_path / "nowhere")


def test_fault_in_the_defaults_is_named(folder: Path) -> None:
    (folder / "_defaults.yml").write_text(DEFAULTS.replace("for_days", "days"), encoding="utf-8")
    found = [str(problem) for problem in examine(folder)[1]]
    assert "_defaults.yml: idle.for_days: required key is missing" in found


# --- idle rules and defaults ---


def test_defaults_fill_what_a_file_leaves_out(folder: Path) -> None:
    assert faults(folder, QUEUE + METRICS + "alerts: {daily_jump: {ratio: 3}}\n") == []
    service = Catalogue.load(folder).services["queue"]
    assert (service.idle[0].for_days, service.idle[0].missing_means) == (14, "unknown")
    assert (service.alerts.daily_jump.ratio, service.alerts.daily_jump.at_least_usd) == (3, 50)


@pytest.mark.parametrize(
    ("metrics", "days", "verdict"),
    [({"sent": 0.0}, 14, True), ({"sent": 1.0}, 14, False), ({"sent": 0.0}, 13, None), ({}, 30, None),
     ({"sent": 1.0}, 1, False)],
)  # fmt: skip
def test_idle_verdict(
    folder: Path, metrics: dict[str, float | None], days: int, verdict: bool | None
) -> None:
    assert faults(folder, QUEUE + METRICS) == []
    assert Catalogue.load(folder).services["queue"].idle_verdict(metrics, days) is verdict


def test_wrong_idle_example_is_a_fault(folder: Path) -> None:
    wrong = QUEUE + "  - {metrics: {sent: 0}, days: 14, idle: false}\n" + METRICS
    assert faults(folder, wrong) == ["queue.yml: examples.1.idle: the idle rules say true"]


# --- loading ---


def test_load_is_cached_until_a_file_changes(folder: Path) -> None:
    first = Catalogue.load(folder)
    assert Catalogue.load(folder) is first
    (folder / "queue.yml").write_text(QUEUE.replace("A queue", "Another queue"), encoding="utf-8")
    assert Catalogue.load(folder).services["queue"].title == "Another queue"


def test_services_are_frozen() -> None:
    service = Catalogue.load().services["s3"]
    with pytest.raises(ValueError, match="frozen"):
        service.title = "mine"  # type: ignore[misc]


def test_fingerprint_changes_with_a_rule_only(folder: Path) -> None:
    def print_of(text: str) -> str:
        assert faults(folder, text) == []
        return Catalogue.load(folder).fingerprint()

    before = print_of(QUEUE)
    assert len(before) == 12
    assert print_of("# a comment\n" + QUEUE) == before
    assert print_of(QUEUE + "  - {bill: {product_code: TheQueue, operation: Put}, is: queue}\n") == before
    changed = [
        QUEUE.replace("Integration", "Other"),
        QUEUE.replace("A queue", "The queue"),
        QUEUE.replace("match:", "match:\n  - {product_code: OldQueue}"),
        QUEUE + "resource: {type: 'q:queue', id_like: 'q-%'}\n",
    ]
    assert len({before, *map(print_of, changed)}) == 5
