"""The zip of a deployment, which nobody vouches for: read within bounds and in memory alone, never onto the disk."""

from __future__ import annotations

import io
import zipfile
import zlib

MAX_FILES = 10_000
"""Files that a deployment may hold (Metadata API, deploy)."""

MAX_ZIP = 39 * 1024 * 1024
"""Bytes of the zip (Metadata API, deploy)."""

MAX_SIZE = 64 * 1024 * 1024
"""Bytes of all files together, unzipped. Salesforce takes 600 MB; what this org holds is far smaller."""

MAX_RATIO = 200
"""How many times larger than the zip its files may be, together, where they are more than a megabyte."""

_HARMLESS = 1024 * 1024


class BadArchive(Exception):
    """A zip that is refused as a whole; the text is for the deployment's errorMessage."""


def read(content: bytes) -> dict[str, bytes]:
    """The files of a zip by path, folders left out.

    Raises:
        BadArchive: no zip, a damaged or encrypted one, one that is too large unzipped, or with paths that lead out of
            it. [R] the texts.
    """
    if len(content) > MAX_ZIP:
        raise BadArchive("The zip file is larger than the limit of 39 MB")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_FILES:
                raise BadArchive(f"The zip file holds more than {MAX_FILES} files")
            left = min(MAX_SIZE, max(_HARMLESS, MAX_RATIO * len(content)))
            files: dict[str, bytes] = {}
            for entry in entries:
                _check_path(entry.filename)
                # What a header says of a file's size is not believed: so much is read, and one byte more
                with archive.open(entry) as file:
                    files[entry.filename] = file.read(left + 1)
                left -= len(files[entry.filename])
                if left < 0:
                    raise BadArchive("The files of the zip are too large")
            return files
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        # RuntimeError: encrypted; NotImplementedError: a compression that Python does not know
        raise BadArchive(f"The zip file could not be read: {type(error).__name__}") from error


def write(files: dict[str, bytes]) -> bytes:
    """The files as a zip."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return content.getvalue()


def _check_path(path: str) -> None:
    parts = path.replace("\\", "/").split("/")
    if "" in parts or ".." in parts or "." in parts or ":" in parts[0] or "\0" in path:
        raise BadArchive(f"Illegal path in the zip file: {path[:200]}")
