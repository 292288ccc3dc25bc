"""Keeping secrets out of logs, whoever writes them: each library's records are made by one factory."""

from __future__ import annotations

import logging
from typing import Any

from cnxlib.secrets.redaction import redact

_PLAIN = logging.Formatter()


def guard_logging() -> None:
    """Have every log record of this process redacted as it is made: message, traceback and stack. Idempotent."""
    made_before = logging.getLogRecordFactory()
    if not isinstance(made_before, _Redacted):
        logging.setLogRecordFactory(_Redacted(made_before))


class _Redacted:
    """Makes log records of which no handler, however it formats them, gets to see a secret."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *given: Any, **named: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*given, **named)
        try:
            said = record.getMessage()
        except (TypeError, ValueError, KeyError):  # arguments that do not fit: logging tells on standard error
            said = redacted = ""
        else:
            redacted = redact(said)
        if redacted != said:
            record.msg, record.args = redacted, None
        if record.exc_info and record.exc_info[0] is not None:
            trace = _PLAIN.formatException(record.exc_info)
            record.exc_text = redact(trace)
            if record.exc_text != trace:
                record.exc_info = None  # formatters write what stands in exc_text
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return record
