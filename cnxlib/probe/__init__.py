"""What this project believes of Salesforce without having seen it, looked up in a real org and changing nothing.

One fact is one small generator. `probe` drives all of them in step, as a phase's resources are, so that the whole probe
costs a few round trips.
"""

from cnxlib.probe.fact import Fact, Finding, Verdict
from cnxlib.probe.facts import FACTS, probe
from cnxlib.probe.report import as_text

__all__ = ["FACTS", "Fact", "Finding", "Verdict", "as_text", "probe"]
