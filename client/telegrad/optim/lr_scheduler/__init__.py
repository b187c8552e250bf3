"""Learning rates that change from step to step, by torch's names. All of it happens here."""

from __future__ import annotations

from telegrad.optim.lr_scheduler.combining import ChainedScheduler, SequentialLR
from telegrad.optim.lr_scheduler.cycles import CyclicLR, OneCycleLR
from telegrad.optim.lr_scheduler.decay import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from telegrad.optim.lr_scheduler.factors import LambdaLR, MultiplicativeLR
from telegrad.optim.lr_scheduler.plateau import ReduceLROnPlateau
from telegrad.optim.lr_scheduler.schedule import LRScheduler

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
