"""Large arrays up and down beside bare gRPC streams that move the same bytes in the same chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad_proto.limits import CHUNK_BYTES
from telegrad_proto.payload import chunks_of
from tests.bench.bare import DOWNLOAD, UPLOAD, bare_channel, received
from tests.bench.measuring import heading, mebibytes, report, side_by_side
from tests.places import serving

SIZE_BYTES = 64 << 20


def numbers(draw: np.random.Generator) -> np.ndarray:
    """New ones each time: what the server has is not sent again."""
    return draw.integers(0, 255, SIZE_BYTES, dtype=np.uint8)


def per_second(rate: float) -> str:
    return f"{rate / 2**20:.0f} MiB/s"


@pytest.mark.timeout(300)
def bench_upload_and_download() -> None:
    draw = np.random.default_rng(7)
    fresh = [numbers(draw)]
    with serving() as (address, _pid), bare_channel() as channel:
        tg.connect(address, progress=False)
        upload: Any = channel.stream_unary(UPLOAD)
        download: Any = channel.unary_stream(DOWNLOAD)

        def tg_up() -> None:
            fresh[0][:8] += 1
            tg.tensor(fresh[0])[:1].item()

        def bare_up() -> None:
            def messages() -> Iterator[bytes]:
                yield b"%d" % SIZE_BYTES
                yield from chunks_of(fresh[0].data)

            assert int(upload(messages())) == SIZE_BYTES

        def tg_down() -> None:
            assert tg.ones(SIZE_BYTES, dtype=tg.uint8).numpy().nbytes == SIZE_BYTES

        def bare_down() -> None:
            assert len(received(download(b"%d" % SIZE_BYTES), SIZE_BYTES)) == SIZE_BYTES

        heading(f"{mebibytes(SIZE_BYTES)} over loopback, in chunks of {mebibytes(CHUNK_BYTES)}")
        contenders = {"up": tg_up, "bare up": bare_up, "down": tg_down, "bare down": bare_down}
        times = side_by_side(contenders, repetitions=5, warm_up=1)
        for way in ("up", "down"):
            mine, peer = (SIZE_BYTES / times[name].median_s for name in (way, f"bare {way}"))
            report(f"{way}load", ("telegrad", mine), ("bare gRPC", peer), per_second)
        tg.disconnect()
