"""Sums in a fixed order: the same whoever computed which part, kept wide, rounded once."""

from __future__ import annotations

import numpy as np

from telegrad_server.jobs.totals import Totals


def test_values_are_added_and_weighted() -> None:
    totals = Totals()
    totals.add({"value": np.array(2.0)}, rows=3, weight=3.0)
    totals.add({"value": np.array(5.0)}, rows=1, weight=1.0)
    assert totals.rows == 4
    assert totals.result(4.0)["value"] == 11.0 / 4


def test_sums_are_wide_and_results_have_the_programs_type() -> None:
    totals = Totals()
    for _ in range(10):
        totals.add({"g": np.array([1e-8, 1.0], np.float32)}, 1, 1.0)
    totals.add({"g": np.array([1.0, 0.0], np.float32)}, 1, 1.0)
    assert totals.sums["g"].dtype == np.float64
    result = totals.result(1.0)["g"]
    assert result.dtype == np.float32
    assert result[0] > 1.0  # in float32 the small ones would have been lost


def test_integers_and_complex_numbers() -> None:
    totals = Totals()
    totals.add({"n": np.array([3]), "z": np.array(1j, np.complex64)}, 1, 1.0)
    totals.add({"n": np.array([4]), "z": np.array(1.0, np.complex64)}, 1, 1.0)
    assert totals.result(1.0)["n"].tolist() == [7]
    assert totals.result(2.0)["n"].tolist() == [3.5]
    assert totals.result(1.0)["z"] == np.complex64(1 + 1j)
    assert totals.sums["z"].dtype == np.complex128


def test_parts_merged_in_order_are_the_whole() -> None:
    rng = np.random.default_rng(3)
    print("seed", 3)
    parts = []
    for _ in range(4):
        part = Totals()
        for _ in range(5):
            part.add({"g": rng.standard_normal(7)}, 2, 1.0)
        parts.append(Totals.from_bytes(part.to_bytes()))
    whole = Totals()
    for part in parts:
        whole.merge(part)
    again = Totals()
    for part in parts:
        again.merge(part)
    assert whole.rows == 40
    assert whole.sums["g"].tobytes() == again.sums["g"].tobytes()
    assert whole.types == {"g": np.dtype(np.float64)}


def test_bytes_keep_everything() -> None:
    totals = Totals()
    totals.add({"value": np.array(1.5, np.float32), "grad.a.0": np.zeros((0, 2))}, 3, 1.0)
    again = Totals.from_bytes(totals.to_bytes())
    assert again.to_bytes() == totals.to_bytes()
    assert again.rows == 3
    assert again.result(1.0)["value"].dtype == np.float32
    assert Totals.from_bytes(Totals().to_bytes()).sums == {}
