"""`telegrad jobs`: batch jobs handed in, watched, cancelled, and their results, from the command line."""

from __future__ import annotations

from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telegrad.cli.ending import said
from telegrad.config import token_in

if TYPE_CHECKING:
    from telegrad.job_reports import JobStatus

app = typer.Typer(no_args_is_help=True, help="Batch jobs: a program over the rows of files, on a cluster.")

Address = Annotated[
    str | None,
    typer.Option("--address", "-a", help="host:port of a gateway, or several; by default TELEGRAD_ADDRESS"),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(help="file that holds the server's token; by default TELEGRAD_TOKEN or TELEGRAD_TOKEN_FILE"),
]
JobId = Annotated[str, typer.Argument(help="what `submit` printed")]


def _pairs(what: str, given: list[str]) -> dict[str, str]:
    """`name=value` arguments.

    Raises:
        typer.BadParameter: one has no name or no value.
    """
    found = {}
    for text in given:
        name, _, value = text.partition("=")
        if not (name and value):
            raise typer.BadParameter(f"--{what}: requires NAME=VALUE, got {text!r}")
        found[name] = value
    return found


def _array(path: str) -> Any:
    """The array in an .npy file.

    Raises:
        typer.BadParameter: there is none in it.
    """
    from numpy.lib import format as npy  # what only one command needs

    with open(path, "rb") as file:
        try:
            return npy.read_array(file, allow_pickle=False)
        except (ValueError, EOFError, TokenError) as error:
            raise typer.BadParameter(f"--param: {path}: {error}") from None


@app.command()
def submit(
    program: Annotated[Path, typer.Argument(help="a program that was saved")],
    data: Annotated[list[str], typer.Argument(help="paths, globs or URLs, as the cluster sees them")],
    *,
    input: Annotated[
        list[str],
        typer.Option("--input", "-i", help="INPUT=COLUMN, or INPUT=COLUMN,COLUMN,... side by side"),
    ],
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", help="INPUT=FILE.npy, the same for all rows")
    ] = None,
    mode: Annotated[str, typer.Option(help="sum, mean, per_batch or per_sample")] = "sum",
    output: Annotated[
        str | None, typer.Option(help="folder for the results; by default the job's own")
    ] = None,
    batch_rows: Annotated[int, typer.Option(min=0, help="rows of a batch; 0: 1024")] = 0,
    shard_rows: Annotated[int, typer.Option(min=0, help="rows that are done as one; 0: 262144")] = 0,
    on_error: Annotated[str, typer.Option(help="a row that cannot be used: fail, skip or collect")] = "fail",
    format: Annotated[str | None, typer.Option(help="npz or parquet; by default npz for one result")] = None,
    name: Annotated[str, typer.Option(help="for people")] = "",
    watch: Annotated[bool, typer.Option("--watch", help="show a bar until it ends")] = False,
    address: Address = None,
    token_file: TokenFile = None,
) -> None:
    """Hands a job in and prints its id."""
    from telegrad import jobs

    columns = {
        key: value.rstrip(",").split(",") if "," in value else value
        for key, value in _pairs("input", input).items()
    }
    with said():
        params = {key: _array(path) for key, path in _pairs("param", param or []).items()}
        job = jobs.submit(
            program,
            data,
            columns,
            params=params,
            mode=mode,
            output=output,
            batch_rows=batch_rows,
            shard_rows=shard_rows,
            on_error=on_error,
            format=format,
            name=name,
            address=address,
            token=token_in(token_file),
        )
        print(job.id, flush=True)
        if watch:
            _end(job.watch())


@app.command("list")
def list_jobs(*, address: Address = None, token_file: TokenFile = None) -> None:
    """Lists the cluster's jobs, the newest first."""
    from telegrad import jobs

    with said():
        for status in jobs.list(address=address, token=token_in(token_file)):
            print(_line(status))


@app.command()
def watch(job_id: JobId, *, address: Address = None, token_file: TokenFile = None) -> None:
    """Shows a bar until the job ends; exit status 1 if it does not finish. Ctrl-C leaves the job running."""
    from telegrad import jobs

    with said():
        _end(jobs.Job(job_id, address=address, token=token_in(token_file)).watch())


@app.command()
def cancel(job_id: JobId, *, address: Address = None, token_file: TokenFile = None) -> None:
    """Has the job stopped; what is finished is kept."""
    from telegrad import jobs

    with said():
        print(_line(jobs.Job(job_id, address=address, token=token_in(token_file)).cancel()))


@app.command()
def result(
    job_id: JobId,
    *,
    save: Annotated[Path | None, typer.Option(help="write a sum's or mean's arrays to this .npz")] = None,
    address: Address = None,
    token_file: TokenFile = None,
) -> None:
    """Waits for the job's end and prints its result, and where the files are."""
    import numpy as np  # what only this command needs

    from telegrad import jobs

    with said():
        found = jobs.Job(job_id, address=address, token=token_in(token_file)).result()
        print(f"rows     {found.rows}")
        if found.value is not None:
            print(f"value    {found.value}")
        for key, gradient in found.grads.items():
            norm = float(np.linalg.norm(gradient.reshape(-1)))
            print(f"gradient {key}: {gradient.dtype} {gradient.shape}, norm {norm:.9g}")
        for url in found.files:
            print(f"file     {url}")
        if save is not None:
            values = found.value if isinstance(found.value, tuple) else (found.value,)
            arrays = {
                f"value.{n}" if len(values) > 1 else "value": v for n, v in enumerate(values) if v is not None
            }
            np.savez(save, allow_pickle=False, **arrays, **{f"grad.{k}": g for k, g in found.grads.items()})


def _line(status: JobStatus) -> str:
    rows = f"{status.rows_done}/{status.rows_total} rows" if status.rows_total else "not yet planned"
    words = [text for text in (status.name, status.error) if text]
    return "  ".join([status.id, f"{status.state:9}", rows, *status.remarks, *words])


def _end(status: JobStatus) -> None:
    """Prints how the job ended; exit status 1 where it did not finish."""
    print(_line(status))
    if status.state != "finished":
        raise SystemExit(1)
