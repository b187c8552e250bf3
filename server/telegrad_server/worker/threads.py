"""How many threads a worker's matrix products may take."""

from __future__ import annotations

import os
from typing import Final

from threadpoolctl import threadpool_limits

#: Read by a BLAS when it is loaded, which for SciPy's own happens at the first use.
_VARIABLES: Final = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS")


def limit_threads(count: int) -> None:
    """Lets each BLAS of this process, loaded or not, use so many threads; 0 leaves it as the machine decides.

    Workers that share a machine would otherwise start a thread a core each, and wait for each other.
    """
    if not count:
        return
    for name in _VARIABLES:
        os.environ[name] = str(count)
    threadpool_limits(limits=count)
