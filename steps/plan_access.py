"""How a step reaches the scheduler that carries the plan out."""

from __future__ import annotations

from typing import Any

PLAN = "plan"
"""Name of the plan scheduler."""


def plan_scheduler(master: Any) -> Any:
    """The `schedulers.plan.PlanScheduler` of a master."""
    return master.scheduler_manager.namedServices[PLAN]
