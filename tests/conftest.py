"""Settings of the whole suite."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    # The test processes share the cores; each at two threads a core would only wait for the others.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
