"""What a command says that cannot do what it was asked."""

from __future__ import annotations

import pytest

from telegrad.cli.ending import said
from telegrad_proto.errors import CapacityError


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CapacityError("no room"), "telegrad: CapacityError: no room\n"),
        (
            FileNotFoundError(2, "No such file", "x"),
            "telegrad: FileNotFoundError: [Errno 2] No such file: 'x'\n",
        ),
        (UnicodeError("no text"), "telegrad: UnicodeError: no text\n"),
    ],
)
def test_it_is_one_line_and_status_1(error: Exception, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, said():
        raise error
    assert ended.value.code == 1
    assert capsys.readouterr() == ("", line)


def test_a_defect_is_no_such_thing() -> None:
    with pytest.raises(ZeroDivisionError), said():
        raise ZeroDivisionError
