from __future__ import annotations

import telegrad as tg
from telegrad.functions.results import Extreme, returned_by


def test_results_print_under_their_functions_name() -> None:
    form = returned_by("sort", Extreme)
    result = form(tg.tensor([1.0]), tg.tensor([0]))
    assert repr(result) == "torch.return_types.sort(\nvalues=tensor([1.]),\nindices=tensor([0]))"
    values, indices = result
    assert values is result.values
    assert indices is result[1]
