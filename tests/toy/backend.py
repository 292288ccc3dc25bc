"""The build backend of the toy project that test_start.py sets up, on the standard library alone."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path


def write_wheel(folder: Path, name: str, version: str, files: Mapping[str, str]) -> str:
    """Write a pure-Python wheel; returns the SHA-256 of it."""
    info = f"{name}-{version}.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    contents = {**files, **metadata}
    record = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"])
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**contents, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def build_editable(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    write_wheel(Path(wheel_directory), "toy", "1.0", {"toy.pth": str(Path.cwd())})
    return "toy-1.0-py3-none-any.whl"
