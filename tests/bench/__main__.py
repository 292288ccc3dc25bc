"""All benchmarks, one after the other: python tests/bench."""

import calls
import ratios

ratios.main([])
print()
calls.main([])
