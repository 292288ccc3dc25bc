# On Windows, or without make: py start.py demo
# Each target is a command of start.py, which sets up .venv first. Arguments: make test ARGS="tests/test_start.py -x"

# The first Python that is new enough; any other: make demo PYTHON=/path/to/python
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; done; echo python3)
ARGS ?=

.PHONY: demo lab test bench screenshots check format setup lock clean cnx
demo lab test bench screenshots check format setup lock clean cnx:
	@$(PYTHON) start.py $@ $(ARGS)
