"""What `import telegrad` brings, and what it leaves for later."""

from __future__ import annotations

import subprocess
import sys

LATE = (
    "grpc",
    "tqdm",
    "typer",
    "pydantic",
    "google.protobuf",
    "telegrad_engine",
    "torch",
    "scipy",
    "IPython",
)


def run(program: str) -> str:
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_slow_things_are_imported_late() -> None:
    loaded = run("import sys, telegrad; print(*sys.modules)").split()
    assert [name for name in LATE if name in loaded] == []


def test_recording_needs_no_engine_and_no_messages() -> None:
    program = (
        "import sys, telegrad as tg\n"
        "x = tg.ones(2, requires_grad=True); y = (x * 2).sum(); print(y.shape, y.grad_fn.name())\n"
        "print([n for n in ('grpc', 'telegrad_engine.session') if n in sys.modules])"
    )
    assert run(program).splitlines() == ["torch.Size([]) SumBackward0", "[]"]


def test_torch_is_never_imported() -> None:
    program = (
        "import sys, telegrad as torch\n"
        "x = torch.ones(2, requires_grad=True); x.softmax(0).sum().backward(); print(x.grad)\n"
        "print('torch' in sys.modules)"
    )
    assert run(program).splitlines()[-1] == "False"


def test_the_class_has_late_methods_at_once() -> None:
    program = (
        "import telegrad as torch\n"
        "before = set(dir(torch.Tensor)); print(torch.Tensor.relu(torch.tensor([-1.0, 2.0])))\n"
        "print(set(dir(torch.Tensor)) - before, hasattr(torch.Tensor, 'foo'), hasattr(torch.ones(1), 'foo'))"
    )
    assert run(program).splitlines() == ["tensor([0., 2.])", "set() False False"]
