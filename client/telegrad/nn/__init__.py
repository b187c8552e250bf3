"""torch.nn: neural networks: functions, layers made of them, and containers of layers."""

from __future__ import annotations

from telegrad.nn import functional as functional
from telegrad.nn import init as init
from telegrad.nn.containers import ModuleDict as ModuleDict
from telegrad.nn.containers import ModuleList as ModuleList
from telegrad.nn.containers import Sequential as Sequential
from telegrad.nn.linear import Bilinear as Bilinear
from telegrad.nn.linear import Identity as Identity
from telegrad.nn.linear import Linear as Linear
from telegrad.nn.module import Module as Module
from telegrad.nn.parameter import Buffer as Buffer
from telegrad.nn.parameter import Parameter as Parameter
