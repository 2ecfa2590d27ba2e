"""Opens a lake's ledgers where the lake says they are: files of its state folder, or a DynamoDB table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finlake.lake import Lake
from finlake.ledger import Ledger, SqliteLedger
from finlake.ledger.sqlite import FILE as BILL_FILE
from finlake.metric_ledger import MetricLedger, SqliteMetricLedger
from finlake.metric_ledger.sqlite import FILE as METRIC_FILE

FILES = (BILL_FILE, METRIC_FILE)

if TYPE_CHECKING:
    from finlake.dynamo import Items


def may_write(lake: Lake) -> bool:
    """Whether this process may change the lake's ledgers: always a file's, a table's only under the lake's lease."""
    return lake.ledger is None or items_of(lake).guard is not None


def bill_ledger(lake: Lake) -> Ledger:
    """The ledger of deliveries, made where there is none."""
    if lake.ledger is None:
        return SqliteLedger(lake.state_dir / BILL_FILE)
    from finlake.ledger.dynamo import DynamoLedger

    return DynamoLedger(items_of(lake))


def metric_ledger(lake: Lake) -> MetricLedger:
    """The ledger of metric files, made where there is none."""
    if lake.ledger is None:
        return SqliteMetricLedger(lake.state_dir / METRIC_FILE)
    from finlake.metric_ledger.dynamo import DynamoMetricLedger

    return DynamoMetricLedger(items_of(lake))


def bill_ledger_to_look(lake: Lake) -> Ledger | None:
    """The ledger of deliveries for reading only, also while a run writes; None where this machine has none."""
    file = lake.state_dir / BILL_FILE
    if lake.ledger is not None:
        return bill_ledger(lake)
    return SqliteLedger(file, read_only=True) if file.is_file() else None


def metric_ledger_to_look(lake: Lake) -> MetricLedger | None:
    """The ledger of metric files for reading only; None where there is none."""
    file = lake.state_dir / METRIC_FILE
    if lake.ledger is None and not file.is_file():
        return None
    ledger = metric_ledger(lake) if lake.ledger else SqliteMetricLedger(file, read_only=True)
    if ledger.is_there():
        return ledger
    ledger.close()
    return None


def items_of(lake: Lake) -> Items:
    """The lake's items of its table, with the lease that this process holds (None: reading only)."""
    from finlake import lease
    from finlake.dynamo import Items

    location = str(lake.ledger)
    token = lease.token(location, lake.lake_id)
    return Items(location, lake.lake_id, (lease.LEASE, token) if token else None)
