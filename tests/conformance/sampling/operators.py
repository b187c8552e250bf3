"""The public operators that both modules have, and the ways to call each."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch

import telegrad as tg
from telegrad.recording.registry import FUNCTIONS, complete

#: Namespaces of functions.
NAMESPACES: Final = ("", "nn.functional", "linalg", "fft", "special")

#: Two libraries draw other numbers: shape and type are compared.
RANDOM: Final = frozenset(
    [
        "rand",
        "randn",
        "randint",
        "rand_like",
        "randn_like",
        "randint_like",
        "randperm",
        "normal",
        "bernoulli",
        "fractional_max_pool2d",
        "fractional_max_pool3d",
        "pca_lowrank",
        "svd_lowrank",
        "multinomial",
        "dropout",
        "feature_dropout",
        "alpha_dropout",
        "rrelu",
        "normal_",
        "uniform_",
        "bernoulli_",
        "random_",
        "exponential_",
        "cauchy_",
        "geometric_",
        "log_normal_",
        "empty",
        "empty_like",
        "new_empty",
        "rrelu_",
        "poisson",
        "binomial",
        "empty_strided",
        "nn.functional.dropout",
        "nn.functional.dropout1d",
        "nn.functional.dropout2d",
        "nn.functional.dropout3d",
        "nn.functional.alpha_dropout",
        "nn.functional.feature_alpha_dropout",
        "nn.functional.rrelu",
        "nn.functional.gumbel_softmax",
    ]
)

#: Public, but no operators: about the session, the generator, printing, files, autograd's state; the second
#: names of functions of nn.functional, which take integers for words in PyTorch; recurrent networks and
#: multi-head attention, which are held against PyTorch's as modules.
NOT_OPERATORS: Final = frozenset(
    [
        "nn.functional.multi_head_attention_forward",
        "gru",
        "gru_cell",
        "lstm",
        "lstm_cell",
        "rnn_relu",
        "rnn_relu_cell",
        "rnn_tanh",
        "rnn_tanh_cell",
        "nn.functional.fractional_max_pool2d_with_indices",
        "nn.functional.fractional_max_pool3d_with_indices",
        "get_default_dtype",
        "set_default_dtype",
        "set_default_tensor_type",
        "set_printoptions",
        "get_rng_state",
        "set_rng_state",
        "initial_seed",
        "seed",
        "manual_seed",
        "is_grad_enabled",
        "is_inference_mode_enabled",
        "load",
        "save",
        "vmap",
        "compile",
        "Tensor.backward",
        "Tensor.cuda",
        "Tensor.data",
        "Tensor.grad",
        "Tensor.grad_fn",
        "Tensor.register_hook",
        "Tensor.name",
        "Tensor.register_post_accumulate_grad_hook",
        "Tensor.retain_grad",
        "Tensor.set_",
        "Tensor.output_nr",
        "Tensor.is_set_to",
        "Tensor.device",
        "Tensor.layout",
        "Generator",
        "binary_cross_entropy_with_logits",
        "cosine_embedding_loss",
        "ctc_loss",
        "hinge_embedding_loss",
        "margin_ranking_loss",
        "poisson_nll_loss",
        "triplet_margin_loss",
        "kl_div",
        "max_pool1d",
        "max_pool2d",
        "max_pool3d",
        "embedding_bag",
    ]
)

#: Methods of every Python object.
_OBJECT: Final = frozenset(dir(object)) - {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"} | {
    "__annotations__", "__dict__", "__module__", "__weakref__", "__array_priority__", "__array_wrap__",
    "__array__",
    "__deepcopy__", "__setstate__", "__torch_function__", "__iter__", "__format__",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator.

    Attributes:
        name: torch's: "add", "linalg.svd", "Tensor.view", "Tensor.__add__".
        forms: how it can be called, and the name to look up.
    """

    name: str
    forms: tuple[tuple[str, str], ...]

    @property
    def bare(self) -> str:
        """The name without the namespace."""
        return self.name.rpartition(".")[2]


def _public(module: Any) -> set[str]:
    return {
        name
        for name in dir(module)
        if not name.startswith("_") and inspect.isroutine(getattr(module, name)) and name.islower()
    }


def _space(module: Any, namespace: str) -> Any:
    for part in namespace.split(".") if namespace else ():
        module = getattr(module, part)
    return module


def operators() -> Mapping[str, Operator]:
    """Every operator by name."""
    complete()
    found: dict[str, Operator] = {}
    methods = {n for n in dir(torch.Tensor) if n not in _OBJECT and hasattr(tg.Tensor, n)}
    seen: set[str] = set()
    for namespace in NAMESPACES:
        ours, theirs = _space(tg, namespace), _space(torch, namespace)
        names = {
            n
            for n in _public(ours) | set(FUNCTIONS.get(namespace, {}))
            if not n.startswith("_") and callable(getattr(theirs, n, None))
        }
        for bare in sorted(names):
            name = f"{namespace}.{bare}" if namespace else bare
            forms = [("function", name)]
            if not namespace and callable(getattr(torch.Tensor, bare, None)) and bare in methods:
                forms.append(("method", bare))
                seen.add(bare)
            if not namespace and bare + "_" in methods:
                forms.append(("in place", bare + "_"))
                seen.add(bare + "_")
            found[name] = Operator(name, tuple(forms))
    for bare in sorted(methods - seen):
        if bare.startswith("_") and not bare.startswith("__"):
            continue
        form = "method" if callable(getattr(torch.Tensor, bare)) else "property"
        found[f"Tensor.{bare}"] = Operator(f"Tensor.{bare}", ((form, bare),))
    return {name: found[name] for name in sorted(found) if name not in NOT_OPERATORS}
