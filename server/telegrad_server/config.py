"""The server's settings: from the command line, else from TELEGRAD_* variables, else what stands here."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    ByteSize,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEFAULT_PORT = 7431


class Settings(BaseSettings):
    """How to serve.

    Raises:
        pydantic.ValidationError: a value out of range, or an address off loopback without a token.
    """

    model_config = SettingsConfigDict(
        env_prefix="TELEGRAD_", frozen=True, extra="forbid", env_ignore_empty=True
    )

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(DEFAULT_PORT, ge=0, le=65535, description="port to listen on; 0 picks a free one")
    token_file: Path | None = Field(None, description="file whose first line every client must present")
    insecure: bool = Field(False, description="serve off loopback without a token")
    device: str | None = Field(
        None,
        pattern=r"^(cpu|cuda(:\d+)?)$",
        description="cpu, cuda or cuda:N; by default cpu, on Ray cuda where the cluster has GPUs",
    )
    max_sessions: PositiveInt = Field(64, le=4096, description="sessions that a worker holds at once")
    lease_s: PositiveFloat = Field(60.0, description="seconds that a session outlives a lost client")
    grace_s: PositiveFloat = Field(10.0, description="seconds that running requests get when the server ends")
    reflection: bool = Field(False, description="let anybody list the service's messages")
    direct_address: str = Field(
        "", description="where clients behind a gateway can reach this worker directly"
    )
    ray: bool = Field(False, description="serve through a gateway, with the workers on Ray")
    workers: PositiveInt | None = Field(
        None, description="workers on Ray; by default one a GPU, else one a node"
    )
    min_workers: PositiveInt | None = Field(None, description="never fewer workers; by default --workers")
    max_workers: PositiveInt | None = Field(
        None, description="more workers under load, up to so many; by default --workers"
    )
    spares: NonNegativeInt | None = Field(
        None, description="idle workers that take the place of a lost one; by default 1, on GPUs 0"
    )
    gateway_only: bool = Field(
        False, description="serve as one more gateway of the cluster at RAY_ADDRESS; start no worker"
    )
    threads: NonNegativeInt | None = Field(
        None, description="threads for matrix products; by default one a worker on Ray, else all; 0: all"
    )
    session_bytes: ByteSize = Field(
        ByteSize(0), description="memory that a session may hold, as 500MiB; 0: no bound"
    )
    worker_bytes: ByteSize = Field(
        ByteSize(0), description="memory that a worker's sessions may hold together; 0: no bound"
    )
    operator_s: PositiveFloat = Field(
        600.0, description="seconds that one operator may take before its worker is ended"
    )
    snapshots: str = Field(
        "",
        description="folder or URL where sessions are stored, so that they outlive their worker; empty: not",
    )
    snapshot_s: PositiveFloat = Field(
        10.0, description="seconds of new work after which a session is stored again"
    )
    keep_s: PositiveFloat = Field(86_400.0, description="seconds that a stored session outlives its last use")
    jobs: str = Field(
        "",
        description="folder of batch jobs, path or URL for all nodes; by default it goes with the server",
    )
    job_data: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="folders and URLs that jobs may use; on loopback all by default, else none",
    )
    jobs_at_once: PositiveInt = Field(1, description="batch jobs that run at a time; the others wait")
    job_processes: NonNegativeInt = Field(
        0, description="processes that a job has at the most; by default one a CPU, on cuda one a GPU"
    )
    relay_to: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="serve as a gateway in front of these workers, host:port"
    )

    @field_validator("relay_to", "job_data", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part for part in value.split(",") if part) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.ray and self.relay_to:
            raise ValueError("--ray starts its own workers, --relay-to names some: choose one")
        least = self.min_workers or self.workers or 1
        most = self.max_workers or max(least, self.workers or 1)
        if not least <= max(self.workers or least, least) <= most:
            raise ValueError("requires --min-workers <= --workers <= --max-workers")
        check_exposure(self.host, has_token=self.token_file is not None, insecure=self.insecure)
        return self

    def read_token(self) -> str | None:
        """The token that clients must present; None where anybody may come.

        Raises:
            ValueError: the file cannot be read, or holds none.
        """
        if self.token_file is None:
            return None
        try:
            lines = self.token_file.read_text(encoding="ascii").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"token file {self.token_file}: {error}") from error
        token = lines[0].strip() if lines else ""
        if len(token) < 16:
            raise ValueError(f"token file {self.token_file}: requires a first line of at least 16 characters")
        if not token.isprintable():
            raise ValueError(f"token file {self.token_file}: requires printable characters")
        return token


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address. A name other than localhost counts as reachable."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_exposure(host: str, *, has_token: bool, insecure: bool) -> None:
    """Nothing, where it is safe to listen on the address.

    Raises:
        ValueError: other machines could reach it, and nothing would ask them for a token.
    """
    if is_loopback(host) or has_token or insecure:
        return
    raise ValueError(
        f"{host} can be reached from other machines: give a token (--token-file FILE; clients: token=...), "
        "or say --insecure to let anybody in"
    )
