"""What every test can count on: a printed seed, an environment of its own, nothing left behind."""

from __future__ import annotations

import importlib.util
import os
import signal
import tempfile
import threading
import uuid
import zlib
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from tests.places import place as place  # a fixture for every folder

#: Stands in the environment of every process that the tests start, directly or not.
MARK = "TELEGRAD_TEST_RUN"
RUN = uuid.uuid4().hex
SEED = int(os.environ.get("TELEGRAD_TEST_SEED", "20240229"))

# What a developer's shell says about servers is not for the tests.
for _name in [name for name in os.environ if name.startswith(("TELEGRAD_", "RAY_"))]:
    del os.environ[_name]
os.environ[MARK] = RUN
os.environ["MPLBACKEND"] = "Agg"
# Matplotlib would leave its cache in the home folder of whoever runs the tests.
_cache = tempfile.TemporaryDirectory(prefix="tg-cache-")
os.environ["MPLCONFIGDIR"] = _cache.name

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has Ctrl-C ignored by what it starts in the background; some tests press it themselves.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    return f"seed: {SEED} (TELEGRAD_TEST_SEED sets another)"


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers that depend on the seed and on the test's own name, not on the order of tests."""
    return np.random.default_rng([SEED, zlib.crc32(request.node.nodeid.encode())])


def pytest_runtest_setup(item: pytest.Item) -> None:
    # Asked for by `-m gpu`, they fail on a machine that cannot run them; in passing, they are left out.
    asked = item.config.getoption("markexpr") == "gpu"
    if item.get_closest_marker("gpu") and not asked and importlib.util.find_spec("cupy") is None:
        pytest.skip("needs CuPy and an NVIDIA GPU")


def _started_processes() -> Iterator[psutil.Process]:
    """The living processes that carry this run's mark, this one excepted."""
    for process in psutil.process_iter():
        try:
            marked = process.pid != os.getpid() and process.environ().get(MARK) == RUN
            # multiprocessing's and joblib's resource trackers end with the interpreter, by design.
            if (
                marked
                and process.status() != psutil.STATUS_ZOMBIE
                and "tracker" not in str(process.cmdline())
            ):
                yield process
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue


def _leftovers() -> list[str]:
    """What the tests should have ended: processes, and threads that keep the interpreter alive."""
    processes = list(_started_processes())
    psutil.wait_procs(processes, timeout=60)  # what is ending already may end
    found = [f"process {p.pid}: {' '.join(p.cmdline())[:150]}" for p in _started_processes()]
    threads = [t for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon]
    for thread in threads:
        thread.join(timeout=30)
    return found + [f"thread {t.name}" for t in threads if t.is_alive()]


def pytest_sessionfinish(session: pytest.Session) -> None:
    left = _leftovers()
    if left:
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line("\nleft behind by the tests:\n  " + "\n  ".join(left), red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure() -> None:
    _cache.cleanup()
