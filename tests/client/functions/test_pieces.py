from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, X, agree, close, fail_alike

V = np.arange(10.0)


def test_parts_of_a_dimension() -> None:
    x = tg.tensor(V)
    close(x.narrow(0, 2, 3), V[2:5])
    close(tg.select(tg.tensor(X), 1, -1), X[:, -1])
    close(tg.unbind(tg.tensor(X))[1], X[1])


@pytest.mark.parametrize("count", [1, 3, 4, 10, 12])
def test_chunks_are_of_one_size_but_the_last(count: int) -> None:
    size = -(-10 // count)
    for mine, start in zip(tg.chunk(tg.tensor(V), count), range(0, 10, size), strict=True):
        close(mine, V[start : start + size])


@pytest.mark.parametrize("cuts", [3, [2, 5], [5, 2, 12]])
def test_tensor_split_is_numpys(cuts: int | list[int]) -> None:
    expected = np.array_split(V, cuts) if isinstance(cuts, int) else np.split(V, cuts)
    for mine, theirs in zip(tg.tensor_split(tg.tensor(V), cuts), expected, strict=True):
        close(mine, theirs)


def test_splits_by_size_and_by_sizes() -> None:
    assert [p.numel() for p in tg.split(tg.tensor(V), 4)] == [4, 4, 2]
    assert [p.numel() for p in tg.tensor(V).split([7, 3])] == [7, 3]
    assert [tuple(p.shape) for p in tg.hsplit(tg.ones(2, 4), 2)] == [(2, 2), (2, 2)]


def test_windows_of_a_dimension() -> None:
    close(tg.tensor(V).unfold(0, 4, 3), [V[0:4], V[3:7], V[6:10]])


@pytest.mark.parametrize("offset", [-3, -1, 0, 2, 5])
def test_diagonals_are_numpys(offset: int) -> None:
    cube = np.arange(60.0).reshape(3, 4, 5)
    close(tg.diagonal(tg.tensor(cube), offset, 0, 2), cube.diagonal(offset, 0, 2))
    close(tg.diagonal(tg.tensor(cube), offset, 2, 1), cube.diagonal(offset, 2, 1))


def test_a_diagonal_is_a_view() -> None:
    x = tg.zeros(3, 3)
    x.diagonal().add_(1.0)
    close(x, np.eye(3))
    close(tg.trace(x), 3.0)


TORCH: dict[str, Case] = {
    "narrow": lambda m, x, i: x.narrow(1, 1, 2),
    "select": lambda m, x, i: x.select(0, 1),
    "unbind": lambda m, x, i: m.unbind(x),
    "chunk": lambda m, x, i: x.chunk(2, 1),
    "split": lambda m, x, i: x.split(2, 1),
    "split sizes": lambda m, x, i: x.split([1, 2], 1),
    "diagonal": lambda m, x, i: x.diagonal(1),
    "unfold": lambda m, x, i: x.unfold(1, 2, 1),
    "trace": lambda m, x, i: m.trace(x),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
@pytest.mark.parametrize(
    "case",
    [
        lambda m, x, i: x.narrow(1, 2, 2),
        lambda m, x, i: x.select(0, 2),
        lambda m, x, i: x.split([1, 1], 1),
        lambda m, x, i: x.chunk(0),
        lambda m, x, i: x.unfold(0, 3, 1),
        lambda m, x, i: m.trace(i),
        lambda m, x, i: m.unbind(m.tensor(1.0)),
    ],
)
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)


def test_windows_are_views() -> None:
    a = tg.arange(5.0)
    a.unfold(0, 2, 1)[0].zero_()
    a.unfold(0, 2, 2)[1].add_(7)
    assert a.tolist() == [0.0, 0.0, 9.0, 10.0, 4.0]
    m = tg.arange(12.0).reshape(4, 3)
    u = m.unfold(0, 2, 1)
    assert (u.stride(), u.shape) == ((3, 1, 3), (3, 3, 2))
    u[1, 2] = tg.tensor([50.0, 60.0])
    assert m.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 50.0], [6.0, 7.0, 60.0], [9.0, 10.0, 11.0]]


def test_a_write_into_a_window_leaves_the_others_elements() -> None:
    """Also where the windows are of the real parts, or of conjugates."""
    z = tg.tensor([1 + 1j, 2 + 2j, 3 + 3j])
    z.real.unfold(0, 2, 1)[0].zero_()
    assert z.tolist() == [1j, 2j, 3 + 3j]
    z.conj().unfold(0, 2, 1)[1].mul_(1j)
    assert z.tolist() == [1j, 2 + 0j, 3 - 3j]


def test_gradients_through_a_written_window() -> None:
    a = tg.arange(5.0, requires_grad=True)
    b = a * 1
    b.unfold(0, 2, 1)[1].mul_(3)
    (b * tg.arange(1.0, 6.0)).sum().backward()
    assert a.grad.tolist() == [1.0, 6.0, 9.0, 4.0, 5.0]


def test_a_truth_value_is_no_size() -> None:
    with pytest.raises(TypeError, match="must be int, not bool"):
        tg.split(tg.ones(2), True)
