"""IAM actions against AWS's own words: each action exists, and reads are what AWS itself calls Read or List.

The words are those of the Service Authorization Reference as the package policy_sentry carries them; it comes with checkov
(terraform/tools.yml) and lives in checkov's environment.

    python -m tests.terraform.iam_levels OUTPUTS.json     what tests.terraform.run.policy_outputs gives, as JSON
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.terraform.policies import OF_FINLAKE, Grant, grants

READS = {"Read", "List"}
BESIDE = {
    "kms:Decrypt": "Write",
    "kms:GenerateDataKey": "Write",
    "sts:AssumeRole": "Write",
    "iam:PassRole": "Permissions management",
}
"""Called on finlake's behalf (iam_actions.yml, `beside`), with the level that AWS gives them."""
OWN = (":::the-lake", ":::the-results", ":table/", ":catalog", ":database/", ":workgroup/", ":/applications/")
"""In ARNs of what is finlake's own."""


def levels(actions: Iterable[str]) -> dict[str, str | None]:
    """AWS's access level of each action; None where there is no such action."""
    from policy_sentry.querying.actions import get_action_data

    found: dict[str, str | None] = {}
    for action in actions:
        service, _, name = action.partition(":")
        data = get_action_data(service, name)
        found[action] = data[service][0]["access_level"] if data else None
    return found


def faults(granted: Iterable[Grant], level_of: Mapping[str, str | None]) -> list[str]:
    """Actions that don't exist, change permissions, or write outside of what is finlake's own."""
    found = set()
    for grant in granted:
        level = level_of[grant.action]
        who = f"{grant.role}: {grant.action} ({level})"
        if level is None:
            found.add(f"{grant.role}: AWS knows no action {grant.action}")
        elif level == "Permissions management" and grant.action != "iam:PassRole":
            found.add(f"{who} changes permissions")
        elif grant.role in OF_FINLAKE and level not in READS:
            mine = any(part in grant.resource for part in OWN)
            if not mine and BESIDE.get(grant.action) != level:
                found.add(f"{who} on {grant.resource}")
    return sorted(found)


def main(argv: list[str]) -> int:
    """Print the faults; exit code 1 where there are any."""
    told: dict[str, Any] = json.loads(Path(argv[0]).read_text(encoding="utf-8"))
    granted = list(grants(told["roles"]))
    level_of = levels({grant.action for grant in granted})
    found = faults(granted, level_of)
    print("\n".join(found))
    print(f"IAM actions: {len(level_of)} different ones in {len(told['roles'])} roles, {len(found)} faults")
    return 1 if found or not granted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
