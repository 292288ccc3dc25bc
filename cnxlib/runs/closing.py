"""Closing a run: no secret stays in its record, its end is written down, and the record is sealed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from cnxlib.errors import CnxError, RecordError, SecretError, SecretFound
from cnxlib.records import RunRecord
from cnxlib.records.run_record import RUN
from cnxlib.records.scan import Hit, scan, take_out
from cnxlib.records.sealing import seal
from cnxlib.records.statement import Ending
from cnxlib.runs.result import RunResult
from cnxlib.secrets.heritage import Heritage
from cnxlib.secrets.touched import touched


def close(record: RunRecord, result: RunResult, heritage: Heritage) -> RunResult:
    """Write the end of a run to its record, and seal it; returns the result as it stands then.

    A secret in the record is taken out, and fails the run. So does a record that cannot be written or sealed: what is
    not on record is no success.

    Parameters
    ----------
    record, result:
        The run; its notebooks are closed.
    heritage:
        Knows the secrets that the kernels have touched.
    """
    try:
        heritage.values()  # from here on they count as touched here
        hits = scan(record.path, touched())
        if hits:
            take_out(record.path, hits)
            result = replace(result, error=_found(record, hits).as_json())
        record.write_json(RUN, result.as_json())
        end = {"status": str(result.status), "seconds": round(result.seconds, 3), "api_calls": result.api_calls}
        record.event("run-ended", end, mode=result.mode)
        ending: Ending = "interrupted" if result.interrupted else "complete"
        return replace(result, head=seal(record, by="runner", ending=ending, hits=hits).head)
    except (RecordError, SecretError) as error:
        result = replace(result, error=error.as_json())
        with suppress(CnxError):  # where it can be written after all, it is no success either
            record.write_json(RUN, result.as_json())
        return result


def _found(record: RunRecord, hits: Iterable[Hit]) -> SecretFound:
    said = "; ".join(f"{hit.file}, {hit.place} ({hit.kind})" for hit in hits)
    return SecretFound(
        f"There was a secret in the run record, and it was taken out: {said}",
        org=record.org,
        hint="What the run did to the org stands. Find out how the secret came there, and change it: it was on disk.",
    )
