"""What a run leaves behind, and the lease that keeps two runs off one org."""

from cnxlib.records.lease import lease
from cnxlib.records.run_record import RunRecord, read_events, runs_of, runs_root

__all__ = ["RunRecord", "lease", "read_events", "runs_of", "runs_root"]
