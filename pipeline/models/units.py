"""Organisational units as the settings say them: account -> unit."""

from __future__ import annotations

from finlake.settings import Settings


def units_of(settings: Settings) -> dict[str, str]:
    """An account in several units belongs to the last of them."""
    return {account: unit for unit, accounts in settings.organizational_units.items() for account in accounts}
