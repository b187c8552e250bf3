"""Which engine computes: `connect()`, the environment, or by default the one in this process."""

from __future__ import annotations

import atexit
import hashlib
import os
import sys
import weakref
from typing import TYPE_CHECKING, Any, Final

from telegrad.recording import recorder as recording
from telegrad_proto.errors import AccessError, ArgumentError

if TYPE_CHECKING:
    from telegrad.recording.session import Session
    from telegrad.transport.base import Transport

#: "host:port" of a server; empty or "embedded": the engine in this process.
ADDRESS_VARIABLE: Final = "TELEGRAD_ADDRESS"
#: What the server asks for; or the name of a file that holds it.
TOKEN_VARIABLE: Final = "TELEGRAD_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE_VARIABLE: Final = "TELEGRAD_TOKEN_FILE"  # noqa: S105 - the name of a variable
#: How much a client keeps to send it again, in bytes.
JOURNAL_VARIABLE: Final = "TELEGRAD_JOURNAL_BYTES"

EMBEDDED: Final = "embedded"

_session: Session | None = None
_endpoint: tuple[str, str | None] | None = None
_hooked: Any = None


def connect(
    address: str | None = None,
    *,
    token: str | None = None,
    direct: bool = False,
    session: str | None = None,
    journal_bytes: int | None = None,
    device: str = "cpu",
    timeout_s: float | None = None,
    progress: bool = True,
) -> Session:
    """Starts a session; what is recorded from here on belongs to it. Tensors of the session before keep their
    values.

    Args:
        address: "host:port" of a server, or of several gateways with commas between; or "embedded" for the
            engine in this process. By default what TELEGRAD_ADDRESS says, else embedded.
        token: what the server asks for; by default TELEGRAD_TOKEN, or what the file TELEGRAD_TOKEN_FILE
            holds.
        direct: talk to the worker itself where it can be reached, past the gateway.
        session: a name for the session. The same name later, from another process too, finds it again with
            its named tensors (`tg.name`, `tg.named`), as long as the server keeps it; who had it before has
            lost it.
        journal_bytes: how much of what was sent is kept for a server that loses the session; by default what
            TELEGRAD_JOURNAL_BYTES says, else 1 GiB.
        device: what the engine in this process computes on, `cpu` or `cuda`; a server has its own.
        timeout_s: the longest that one look may take; None: as long as it takes.
        progress: show bars for long waits and large arrays.

    Raises:
        ServerUnavailableError: nothing answers at the address, or the embedded engine is not installed.
        AccessError: no token, or a wrong one.
        VersionError: client and server do not fit each other; the text says which to upgrade.
    """
    global _endpoint, _session
    # Late: the messages' modules, which importing telegrad need not wait for.
    from telegrad.recording.session import Session
    from telegrad.transport.progress import Bars

    named = address is not None
    address = address if address is not None else os.environ.get(ADDRESS_VARIABLE, "")
    bars = Bars() if progress else None
    transport: Transport
    names = None
    if session is not None:
        from telegrad.naming import Names  # late: few sessions have a name

        names = Names()
    if address in ("", EMBEDDED):
        if session is not None:
            raise ArgumentError("connect: a session with a name lives on a server: give its address too")
        from telegrad.transport.embedded import EmbeddedTransport  # late: one of the two is enough

        transport = EmbeddedTransport(device, progress=bars)
    else:
        from telegrad.transport.grpc import GrpcTransport  # late: gRPC takes a third of the import time
        from telegrad.transport.journal import JOURNAL_BYTES

        token = _presentable(token if token is not None else _token())
        key = "" if session is None else _key(session, token)
        if journal_bytes is None:
            given = os.environ.get(JOURNAL_VARIABLE, "")
            if given and not given.isdecimal():
                raise ArgumentError(f"{JOURNAL_VARIABLE}: requires a number of bytes, got {given!r}")
            journal_bytes = int(given or JOURNAL_BYTES)
        transport = GrpcTransport(
            address, token=token, direct=direct, progress=bars, key=key, journal_bytes=journal_bytes
        )
    made = Session(transport, timeout_s=timeout_s, names=names)
    if named or session is not None:
        made.open()
    # The session before ends when the last tensor in it is gone: until then its values can still be looked
    # at.
    _session = made
    _endpoint = (address, token) if address not in ("", EMBEDDED) else None
    recording.use(made.recorder)
    _hook_notebook()
    return made


def _key(name: str, token: str | None) -> str:
    """What a named session is called by everywhere: it takes the token to find it."""
    text = f"{token or ''}\0{name}".encode()
    return hashlib.blake2b(text, digest_size=16, person=b"telegrad-session").hexdigest()


def _token() -> str | None:
    token = os.environ.get(TOKEN_VARIABLE)
    path = os.environ.get(TOKEN_FILE_VARIABLE)
    if token is None and path:
        try:
            return token_in(path)
        except (OSError, UnicodeDecodeError) as error:
            raise AccessError(f"{TOKEN_FILE_VARIABLE}: cannot read {path}: {error}") from None
    return token


def token_in(path: str | os.PathLike[str] | None) -> str | None:
    """The token that a file holds in its first line, where a server reads its own; None without a file.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is no text.
    """
    if path is None:
        return None
    with open(path, encoding="utf-8") as file:
        return file.readline().strip()


def _presentable(token: str | None) -> str | None:
    if token is not None and not (token.isascii() and token.isprintable()):
        raise AccessError("token: requires printable ASCII characters on one line")
    return token


def current_session() -> Session:
    """The current session; the first use starts the default one."""
    recording.current()
    assert _session is not None
    return _session


def endpoint(address: str | None = None, token: str | None = None) -> tuple[str, str | None]:
    """The server's address and token for calls outside of a session: those given, else the current
    connection's, else the environment's.

    Raises:
        ArgumentError: there is no server: the engine is the one in this process; or the address is none.
    """
    from telegrad.transport.entrances import addresses_in  # late: embedded needs nothing of the transports

    if address is None and _endpoint is not None:
        address, token = _endpoint[0], token if token is not None else _endpoint[1]
    address = address if address is not None else os.environ.get(ADDRESS_VARIABLE, "")
    if address in ("", EMBEDDED):
        raise ArgumentError(f"requires a server: tg.connect('host:port'), address=, or {ADDRESS_VARIABLE}")
    addresses_in(address)
    return address, _presentable(token if token is not None else _token())


def disconnect(*, forget: bool = False) -> None:
    """Ends the current session and frees what it holds on the server. The next operator starts the default
    one.

    Args:
        forget: end also a session with a name, which otherwise waits for whoever connects to it next.
    """
    global _endpoint, _session
    previous, _session, _endpoint = _session, None, None
    recording.use(None)
    calling = sys.modules.get("telegrad.program.calling")
    if calling is not None:
        calling.forget()
    if previous is not None:
        previous.close(forget=forget)


def flush() -> None:
    """Sends what is recorded, without waiting: the server computes what tensors hold while the program goes
    on.
    """
    current_session().flush("flush", live=True)


def synchronize() -> None:
    """Sends what is recorded and waits until the server has computed it."""
    current_session().synchronize()


def _after_cell(result: object) -> None:
    if _session is not None and not _session.recorder.closed:
        _session.end_cell()


def _hook_notebook() -> None:
    """Sends what is pending when a notebook's cell ends, so that the server computes while its user reads."""
    global _hooked
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    if shell is None or shell is _hooked:
        return
    shell.events.register("post_run_cell", _after_cell)
    _hooked = shell


# What runs at exit runs backwards: the finalizers, which cut connections, must stand before this.
weakref.finalize(disconnect, int).detach()
atexit.register(disconnect)
