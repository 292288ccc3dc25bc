"""Tells how it was called."""

import json
import os
import sys
from pathlib import Path

import library

called = {
    "arguments": sys.argv[1:],
    "folder": str(Path.cwd()),
    "venv": os.environ["VIRTUAL_ENV"],
    "library": library.VERSION,
}
print(json.dumps(called))
sys.exit(3)
