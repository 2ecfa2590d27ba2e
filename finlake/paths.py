"""Where the parts of the project that are data (contracts, dbt project, DAGs) lie on disk."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
CONTRACTS_DIR = PROJECT_ROOT / "models"
DBT_DIR = PROJECT_ROOT / "dbt"
DAGS_DIR = PROJECT_ROOT / "dags"
SERVICES_DIR = Path(__file__).resolve().parent / "services"


def cache_folder() -> Path:
    """Where finlake keeps, for this user, what it can make or fetch again: XDG_CACHE_HOME, else ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "finlake"
