"""Where roots and the demo RPM distribution are kept between runs of the tests."""

from __future__ import annotations

import os
from pathlib import Path

CACHE = Path(os.environ.get("FARM_TEST_CACHE", "/var/tmp/farm-cache"))
