"""An object store of the tests' own, for `s3://` URLs in this process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from telegrad_server import object_store

_SERVER: Final = Path(__file__).resolve().parents[1] / "integration" / "object_store.py"


@contextmanager
def buckets() -> Iterator[None]:
    """While it is open, `s3://` URLs lead to it; it is empty at first."""
    command = [sys.executable, str(_SERVER), "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            with pytest.MonkeyPatch.context() as patched:
                patched.setenv("AWS_ENDPOINT_URL", f"http://{address}")
                patched.setenv("AWS_ACCESS_KEY_ID", "somebody")
                patched.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
                patched.setenv("AWS_EC2_METADATA_DISABLED", "true")
                object_store.register()
                object_store.S3.clear_instance_cache()
                yield
        finally:
            object_store.S3.clear_instance_cache()
            process.kill()
