"""The notebooks' face: forms, plans, the Apply panel, and the cockpit that holds them together."""

from cnxlib.ui.cockpit import Cockpit
from cnxlib.ui.overview import Overview

__all__ = ["Cockpit", "Overview"]
