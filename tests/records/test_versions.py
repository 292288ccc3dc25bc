import platform
from importlib.metadata import version

from cnxlib import __version__
from cnxlib.records.versions import versions


def test_versions_are_those_that_run() -> None:
    found = versions()
    assert found["cnxlib"] == __version__
    assert found["python"] == platform.python_version()
    assert found["papermill"] == version("papermill")
    assert all(isinstance(value, str) for value in found.values())
