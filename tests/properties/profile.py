"""How hard the property tests try: few examples in every run, many with HYPOTHESIS_PROFILE=thorough (make test-thorough)."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def tries(few: int, many: int, steps: tuple[int, int] = (50, 50)) -> settings:
    """Settings of one property: `few` examples, or `many` when thorough; `steps`: most steps of a state machine, likewise."""
    thorough = settings.get_current_profile_name() == "thorough"
    return settings(
        max_examples=many if thorough else few,
        stateful_step_count=steps[thorough],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
