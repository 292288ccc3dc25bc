"""`python -m cnxlib` is `cnx`."""

import sys

from cnxlib.cli import main

if __name__ == "__main__":
    sys.exit(main())
