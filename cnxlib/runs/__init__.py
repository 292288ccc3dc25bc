"""Carrying out the guide on an org: one run over the notebooks, by papermill."""

from cnxlib.runs.parameters import read_parameters, resolve, typed_in
from cnxlib.runs.result import RunResult
from cnxlib.runs.runbook import Order, Watch, carry_out

__all__ = ["Order", "RunResult", "Watch", "carry_out", "read_parameters", "resolve", "typed_in"]
