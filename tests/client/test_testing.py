"""`assert_close`, by its words and beside torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg

Case = Callable[[Any], None]

CASES: dict[str, Case] = {
    "equal": lambda m: m.testing.assert_close(m.ones(2), m.ones(2)),
    "near": lambda m: m.testing.assert_close(m.ones(2) + 1e-6, m.ones(2)),
    "value": lambda m: m.testing.assert_close(m.ones(2), m.tensor([1.0, 2.0])),
    "matrix": lambda m: m.testing.assert_close(m.zeros(2, 3), m.arange(6.0).reshape(2, 3)),
    "shape": lambda m: m.testing.assert_close(m.ones(2), m.ones(3)),
    "dtype": lambda m: m.testing.assert_close(m.ones(2), m.ones(2, dtype=m.float64)),
    "no dtype": lambda m: m.testing.assert_close(m.ones(2), m.ones(2, dtype=m.float64), check_dtype=False),
    "stride": lambda m: m.testing.assert_close(m.ones(2, 3).T, m.ones(3, 2), check_stride=True),
    "numbers": lambda m: m.testing.assert_close(1.0, 2.0),
    "types of numbers": lambda m: m.testing.assert_close(1, 1.0),
    "any number": lambda m: m.testing.assert_close(1, 1.0, check_dtype=False),
    "in a list": lambda m: m.testing.assert_close([m.ones(2), 1], (m.ones(2), 2)),
    "in a dict": lambda m: m.testing.assert_close({"a": [m.ones(2)]}, {"a": [m.zeros(2)]}),
    "keys": lambda m: m.testing.assert_close({"a": 1, "c": 1}, {"b": 1, "c": 1}),
    "length": lambda m: m.testing.assert_close([1], [1, 2]),
    "unrelated": lambda m: m.testing.assert_close(m.ones(2), [1.0, 1.0]),
    "tensor and number": lambda m: m.testing.assert_close(m.ones(()), 1.0),
    "0-d": lambda m: m.testing.assert_close(m.tensor(1), m.tensor(2)),
    "integers": lambda m: m.testing.assert_close(m.tensor([1, 2]), m.tensor([2, 2])),
    "bools": lambda m: m.testing.assert_close(m.tensor([True]), m.tensor([False])),
    "one bool": lambda m: m.testing.assert_close(True, False),
    "nan": lambda m: m.testing.assert_close(m.tensor(float("nan")), m.tensor(float("nan"))),
    "equal nan": lambda m: m.testing.assert_close(
        m.tensor([float("nan")]), m.tensor([float("nan")]), equal_nan=True
    ),
    "one tolerance": lambda m: m.testing.assert_close(m.ones(2), m.ones(2), rtol=1),
    "exactly": lambda m: m.testing.assert_close(m.ones(2) + 1e-6, m.ones(2), rtol=0, atol=0),
    "own text": lambda m: m.testing.assert_close(m.ones(2), m.zeros(2), msg="other"),
    "more text": lambda m: m.testing.assert_close(m.ones(2), m.zeros(2), msg=lambda text: f"Here: {text}"),
    "text": lambda m: m.testing.assert_close("a", "a"),
    "none": lambda m: m.testing.assert_close(None, None),
    "none and a number": lambda m: m.testing.assert_close(None, 1.0),
    "arrays": lambda m: m.testing.assert_close(np.ones(2), np.zeros(2)),
    "complex": lambda m: m.testing.assert_close(m.tensor([1 + 1j]), m.tensor([1 + 2j])),
    "half": lambda m: m.testing.assert_close(m.ones(2).half(), m.zeros(2).half()),
    "parameter": lambda m: m.testing.assert_close(m.nn.Parameter(m.ones(2)), m.ones(2)),
    "no subclasses": lambda m: m.testing.assert_close(
        m.nn.Parameter(m.ones(2)), m.ones(2), allow_subclasses=False
    ),
}


def outcome(module: Any, case: Case) -> tuple[type[BaseException] | None, str]:
    try:
        case(module)
    except (AssertionError, TypeError, ValueError) as error:
        kind = next(k for k in (AssertionError, TypeError, ValueError) if isinstance(error, k))
        return kind, str(error).replace("telegrad.tensor.Tensor", "torch.Tensor").replace("telegrad", "torch")
    return None, ""


def test_its_words() -> None:
    assert outcome(tg, CASES["value"]) == (
        AssertionError,
        (
            "Tensor-likes are not close!\n\nMismatched elements: 1 / 2 (50.0%)\n"
            "Greatest absolute difference: 1.0 at index (1,) (up to 1e-05 allowed)\n"
            "Greatest relative difference: 0.5 at index (1,) (up to 1.3e-06 allowed)"
        ),
    )
    assert outcome(tg, CASES["in a list"])[1].endswith("The failure occurred for item [1]")
    assert outcome(tg, CASES["equal nan"]) == (None, "")
    with pytest.raises(AttributeError, match=r"torch.testing.make_tensor is not in telegrad"):
        tg.testing.make_tensor


@pytest.mark.torch
@pytest.mark.parametrize("name", CASES)
def test_it_says_what_torch_says(name: str) -> None:
    torch = pytest.importorskip("torch")
    assert outcome(tg, CASES[name]) == outcome(torch, CASES[name])
