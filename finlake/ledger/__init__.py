"""The ledger: which deliveries were claimed, stored, refused or held, and whose figures count.

It follows the Delta logs and can be made anew from them (`Ledger.restore`). One interface, two forms: SQLite in the lake's
state folder, and a DynamoDB table for a lake that several machines write (docs/decisions/0024-ledger-on-dynamodb.md).
"""

from finlake.ledger.base import Ledger
from finlake.ledger.records import Authority, DeliveryRecord, Refusal, State, instant_of, text_of
from finlake.ledger.sqlite import SqliteLedger

__all__ = [
    "Authority",
    "DeliveryRecord",
    "Ledger",
    "Refusal",
    "SqliteLedger",
    "State",
    "instant_of",
    "text_of",
]
