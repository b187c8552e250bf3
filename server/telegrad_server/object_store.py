"""`s3://` for fsspec, through pyarrow's client: nothing beside pyarrow has to be installed for it.

The variables are those of AWS's own tools: AWS_ENDPOINT_URL for a server that is not Amazon's, AWS_REGION,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY. Where s3fs is installed, that is used.
"""

from __future__ import annotations

import importlib.util
import os
from typing import Any, Final

import fsspec
from fsspec.implementations.arrow import ArrowFSWrapper

_HERE: Final = "telegrad_server.object_store.S3"


class S3(ArrowFSWrapper):  # type: ignore[misc]  # the package has no types
    """Buckets and objects of the server at AWS_ENDPOINT_URL, else of Amazon's."""

    protocol = "s3"

    def __init__(self, **options: Any) -> None:
        from pyarrow.fs import S3FileSystem  # late: it starts AWS's own client

        endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        scheme, _, host = endpoint.rpartition("://")
        arguments = {"endpoint_override": host, "scheme": scheme or "https"} if host else {}
        super().__init__(S3FileSystem(allow_bucket_creation=True, **arguments), **options)


def register() -> None:
    """Has fsspec open `s3://` URLs in this process."""
    if importlib.util.find_spec("s3fs") is None:
        fsspec.register_implementation("s3", _HERE, clobber=True)
