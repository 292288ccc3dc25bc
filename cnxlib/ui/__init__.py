"""The notebooks' face: forms, plans, the Apply panel, and the cockpit that holds them together."""

from cnxlib.ui.cockpit import Cockpit

__all__ = ["Cockpit"]
