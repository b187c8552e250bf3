"""The smallest gradient through a server, beside a bare stream that echoes the same bytes."""

from __future__ import annotations

import telegrad as torch
from telegrad.config import session
from tests.bench.echo import echo
from tests.bench.timing import measure, report
from tests.places import serving


def main() -> None:
    """Measures on loopback, warm: `y = 2 * dot(x, x); y.backward(); x.grad.numpy()` on four floats."""
    with serving() as (address, _), echo() as bounce:
        torch.connect(address, progress=False)
        x = torch.arange(4.0, requires_grad=True)

        def gradient() -> None:
            x.grad = None
            y = 2 * torch.dot(x, x)
            y.backward()
            x.grad.numpy()

        gradient()
        gradient()
        message = session().log.messages[-1]
        payload = bytes(message.sent_bytes)
        found = measure(
            {"bare gRPC stream, same bytes": lambda: bounce(payload), "telegrad": gradient},
            rounds=10,
            calls=200,
            warm_up=300,
        )
        title = f"gradient of 2 x.x, 4 floats, standalone ({message.sent_bytes} bytes up, {message.received_bytes} down)"
        report(title, found, peer="bare gRPC stream, same bytes", bound=2.0)
        torch.disconnect()


if __name__ == "__main__":
    main()
