"""How long whoever tests waits for something that must come.

No test measures by it: on a busy machine everything comes later, and a wait that ends early tells nothing.
What never comes is told after this time, in the words of who waited.
"""

PATIENCE_SECONDS = 120.0
PATIENCE_MS = PATIENCE_SECONDS * 1000
