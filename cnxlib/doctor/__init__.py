"""Whether the runbook can work on an org: what is missing, and how to get it. Nothing is changed.

It goes from the machine over the inventory's entry and the network to the login, and on to the org; each condition is a
`Check` as the phases have them. A required one that is not met would stop some phase.
"""

from cnxlib.doctor.diagnosis import Diagnosis, diagnose

__all__ = ["Diagnosis", "diagnose"]
