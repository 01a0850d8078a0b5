"""Where answers come from: the plan scheduler of the running master, and when it changed."""

from __future__ import annotations

import secrets
import time
from http import HTTPStatus
from typing import Any

from farm.site import Site
from steps.plan_access import PLAN
from www.api.answers.known import Known
from www.api.metrics import Totals
from www.api.problem import Problem


class Source:
    """The farm of a master.

    :param site: of the newest configuration.
    """

    def __init__(self, master: Any, site: Site):
        self.master = master
        self.site = site
        # Another master, or the same one later, counts from 0 again.
        self._start = secrets.token_hex(8)
        self._stack: object = None
        self._stacks = 0
        self.totals = Totals(time.time())
        """Builds that ended since the start."""

    @property
    def plan(self) -> Any:
        """The plan scheduler.

        :raises Problem: it has not started yet.
        """
        plan = self.master.scheduler_manager.namedServices.get(PLAN)
        if plan is None or plan.state is None:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the farm is starting: ask again soon")
        return plan

    def known(self) -> Known:
        """What answers are made from.

        :raises Problem: the farm has not started yet.
        """
        return Known(self.plan.state.farm, self.site, time.time())

    def revision(self) -> str:
        """Another text whenever an answer may be another.

        :raises Problem: the farm has not started yet.
        """
        farm = self.plan.state.farm
        if farm.stack is not self._stack:
            self._stack = farm.stack
            self._stacks += 1
        problems = hash(frozenset(farm.problems.items()))
        return f"{self._start} {self._stacks} {farm.records.revision} {problems}"
