"""What a run was made with: the versions that its record names."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from cnxlib import __version__

_PACKAGES = ("papermill", "nbclient", "jupyter-client", "ipykernel", "simple-salesforce", "zeep", "requests")


def versions() -> dict[str, str]:
    """Versions by name: this project, Python, the platform, and the packages that a run goes through."""
    found = {"cnxlib": __version__, "python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # part of another package's installation, such as in a frozen program
            found[package] = ""
    return found
