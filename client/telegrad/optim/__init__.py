"""Optimisers, by torch's names: parameters, gradients and state stay where the graph is computed."""

from __future__ import annotations

from typing import NoReturn as _NoReturn

from telegrad.optim import lr_scheduler, swa_utils
from telegrad.optim.adadelta import Adadelta
from telegrad.optim.adafactor import Adafactor
from telegrad.optim.adagrad import Adagrad
from telegrad.optim.adam import Adam
from telegrad.optim.adamax import Adamax
from telegrad.optim.adamw import AdamW
from telegrad.optim.asgd import ASGD
from telegrad.optim.lbfgs import LBFGS
from telegrad.optim.muon import Muon
from telegrad.optim.nadam import NAdam
from telegrad.optim.optimizer import Optimizer
from telegrad.optim.radam import RAdam
from telegrad.optim.rmsprop import RMSprop
from telegrad.optim.rprop import Rprop
from telegrad.optim.sgd import SGD
from telegrad.recording.registry import absent as _absent

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
    "swa_utils",
]


def __getattr__(name: str) -> _NoReturn:
    raise _absent("module 'telegrad.optim'", "torch.optim", name)
