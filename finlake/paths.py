"""Where the parts of the project that are data (contracts, dbt project, DAGs) lie on disk."""

from __future__ import annotations

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
CONTRACTS_DIR = PROJECT_ROOT / "models"
DBT_DIR = PROJECT_ROOT / "dbt"
DAGS_DIR = PROJECT_ROOT / "dags"
SERVICES_DIR = Path(__file__).resolve().parent / "services"
