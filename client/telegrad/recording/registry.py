"""How a torch function is written: a composition of primitives under one decorator.

A family, `functions/<family>.py`, is a list of functions like these:

    from telegrad import _primitives as p
    from telegrad.sharing import views
    from telegrad.making.promotion import promote_operands, to_float
    from telegrad.recording.registry import function, labelled
    from telegrad.tensor import Tensor

    @function(inplace=True)             # module function, Tensor method, Tensor.sin_; grad_fn SinBackward0
    def sin(input: Tensor) -> Tensor:
        return p.sin(to_float(input))

    @function(label="DotBackward0")     # composed of two primitives, shown as one node
    def dot(input: Tensor, tensor: Tensor) -> Tensor:
        return p.sum(p.mul(input, tensor), axes=(0,), keepdims=False)

Conventions:

* Primitives take and give Tensors; attributes are keywords with Python's own types (int, tuple of int, DType,
  ...). They promote nothing and know no negative axis: a function does that first. Several outputs come as a
  tuple.
* Operands. `promote_operands(a, b)` gives both as tensors of the type torch computes with, each a Tensor or a
  Python number (at least one a Tensor); `promote_all` for more; `to_float(x)` where integers become floats;
  `cast(x, dtype)`; `constant(2.0, dtype)` for a number inside a formula. Never hand a constant out as a
  result, and prefer one to `p.full` for numbers: its value is then no part of the plan. `result_type(...)`
  tells the type alone.
* Arguments. A parameter annotated `Tensor` is checked, with torch's words. `dim`, `keepdim`, `input` and
  `other` may be called `axis`, `keepdims`, `x`/`a`/`x1` and `x2`, and `out=` is taken, without the function
  knowing it. What raises ought to raise `telegrad_proto.errors` classes with torch's text; shapes are checked
  by the primitive's rule.
* Labels. torch's name of the result's node, `DotBackward0`: the decorator's `label`, by default the
  function's name in CamelCase. `label=None` keeps what the functions called inside have set: right where
  torch itself is a composition. Where the name depends on the arguments, `return labelled(result,
  "SumBackward1")`, which the decorator leaves alone. `next_functions` of a labelled node shows the function's
  tensor arguments, not the primitives inside.
* Views. What shares memory in torch goes through `sharing.views` (reshape, transpose, slice_, broadcast_to,
  ...) in place of the primitives of the same names: the result then writes through. Composing views gives a
  view. All else gives new tensors.
* In place. `inplace=True` adds the method `name_`. A parameter `inplace` needs nothing but to be there: the
  result is written. Functions with no functional form (`zero_`, `copy_`) take `storage.write(self, result)`.
* A look at a value inside a function (`x._value`, `fetch`) costs a message: only where a result's shape
  depends on it.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, ParamSpec, TypeVar

from telegrad.autograd.graph import Edge, Node, edge_of, renamed
from telegrad.errors import NotNumberError
from telegrad.recording import recorder as recording
from telegrad.recording.parameters import checks_of, kind_of, misfit
from telegrad.tensor import Tensor

P = ParamSpec("P")
R = TypeVar("R")

#: Names of arguments that torch takes beside its own, as NumPy calls them.
SYNONYMS: Final = {
    "axis": "dim",
    "keepdims": "keepdim",
    "x": "input",
    "a": "input",
    "x1": "input",
    "x2": "other",
}

#: torch's functions by name of the namespace: "" is `telegrad` itself, "linalg" is `telegrad.linalg`, ...
FUNCTIONS: Final[dict[str, dict[str, Callable[..., Any]]]] = {}

#: Modules that register functions too, but are imported only when one of theirs is first named.
LATE: Final = ("telegrad.nn.functional", "telegrad.linalg", "telegrad.special")

#: The methods that these give Tensor.
LATE_METHODS: Final = (
    *("cholesky", "cholesky_inverse", "cholesky_solve", "det", "hardshrink", "inverse", "log_softmax"),
    *("logdet", "lu", "lu_solve", "matrix_exp", "matrix_power", "orgqr", "ormqr", "pinverse", "prelu"),
    *("qr", "relu", "relu_", "slogdet", "softmax", "svd", "triangular_solve"),
)

_complete = False


def complete() -> bool:
    """Imports the modules that register late; whether that was still to be done."""
    global _complete
    if _complete:
        return False
    _complete = True
    for module in LATE:
        importlib.import_module(module)
    return True


_NAMED_AFTER_FUNCTION: Final = ""
_TAKES_KEYWORDS: Final = 0x08  # inspect.CO_VARKEYWORDS


def function(
    *,
    name: str | None = None,
    namespace: str | tuple[str, ...] = "",
    label: str | None = _NAMED_AFTER_FUNCTION,
    method: bool | str | None = None,
    inplace: bool = False,
    aliases: Iterable[str] = (),
    coupled: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes a composition of primitives a torch function.

    Args:
        name: torch's name; the function's own without a trailing underscore by default (`sum_` is `sum`).
        namespace: where it is found, or all such places; "" for the module itself.
        label: torch's name of the result's node; by default after `name`; None keeps what is set inside.
        method: also a method of Tensor, under this name where it is text; by default for the namespace ""
            with a first parameter that is a tensor.
        inplace: also a method `name_` that writes the result into its tensor.
        aliases: further names, of the function and of the methods.
        coupled: its gradients count as depending on all of its tensors, as `couple` says.
    """

    def register(body: Callable[P, R]) -> Callable[P, R]:
        public = name or body.__name__.removesuffix("_")
        shown = _camel(public) if label == _NAMED_AFTER_FUNCTION else label
        wrapped = _wrap(body, public, shown)
        if coupled:
            wrapped = _coupling(wrapped)
        as_method = method if method is not None else not namespace and 0 in _tensor_positions(body)
        if "inplace" in _parameters(body)[0]:
            wrapped = _writing(wrapped, _parameters(body)[0].index("inplace"))
        for known in (public, *aliases):
            for place in (namespace,) if isinstance(namespace, str) else namespace:
                FUNCTIONS.setdefault(place, {})[known] = wrapped
            if as_method:
                attached = as_method if isinstance(as_method, str) and known == public else known
                setattr(Tensor, attached, wrapped)
            if inplace:
                setattr(Tensor, known + "_", _in_place(wrapped, known))
        return wrapped

    return register


def labelled(result: R, label: str) -> R:
    """The same new result, whose node is called this instead of what the decorator of the calling function
    says.
    """
    single: tuple[Any, ...] = (result,)
    for tensor in single if type(result) is Tensor else tensors_in(result):
        node = None if tensor._edge is None else tensor._edge[0]
        if isinstance(node, Node):
            node.rule = renamed(node.rule, label, fixed=True)
    return result


def couple(result: R, *inputs: Tensor) -> R:
    """The same new result, whose gradient counts as one that depends on these inputs.

    torch's derivative of a piecewise linear function reads its input, so that the gradient itself requires a
    gradient, though only of zeros. Compositions whose derivatives read nothing say so with this.
    """
    edges = tuple(edge for edge in map(edge_of, inputs) if edge is not None)
    for tensor in tensors_in(result) if edges else ():
        node = None if tensor._edge is None else tensor._edge[0]
        if isinstance(node, Node):
            node.extras().coupled = edges
    return result


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors in a value: itself, or those in lists and tuples, however deep."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) + "Backward0"


def _parameters(body: Callable[..., Any]) -> tuple[tuple[str, ...], bool]:
    """The names of a function's parameters, and whether it takes any others. `inspect` would cost the import
    dearly.
    """
    code = body.__code__
    count = code.co_argcount + code.co_kwonlyargcount
    return code.co_varnames[:count], bool(code.co_flags & _TAKES_KEYWORDS)


def _tensor_positions(body: Callable[..., Any]) -> dict[int, str]:
    names, _ = _parameters(body)
    return {i: name for i, name in enumerate(names) if body.__annotations__.get(name) in ("Tensor", Tensor)}


def _missing(self: Tensor, name: str) -> Any:
    """What a tensor says to a name that it lacks."""
    raise absent(f"'{type(self).__name__}' object", "torch.Tensor", name)


class _Late:
    """Stands in Tensor for a method until its module is imported: that is when somebody asks for it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, tensor: Tensor | None, owner: type[Tensor]) -> Any:
        complete()
        assert vars(Tensor)[self.name] is not self, "a late module has it"
        return getattr(owner if tensor is None else tensor, self.name)


def absent(owner: str, torchs: str, name: str) -> AttributeError:
    """The error for a name that is not there: where torch has it, it is not in telegrad."""
    text = f"{owner} has no attribute {name!r}"
    if not name.startswith("_"):
        text += f"; if torch has it: {torchs}.{name} is not in telegrad, see docs/missing.md"
    return AttributeError(text, name=name)


setattr(Tensor, "__getattr__", _missing)  # noqa: B010  # a type checker believes declared.pyi
for _late in LATE_METHODS:
    setattr(Tensor, _late, _Late(_late))


def _wrap(body: Callable[..., Any], public: str, label: str | None) -> Callable[..., Any]:
    parameters, takes_any = _parameters(body)
    names = frozenset(parameters)
    checked = tuple(_tensor_positions(body).items())
    others = checks_of(parameters, body.__annotations__, dict(checked), positional=body.__code__.co_argcount)

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        out = None
        if kwargs and not (takes_any or names.issuperset(kwargs)):
            if "out" in kwargs and "out" not in names:
                out = kwargs.pop("out")
            kwargs = {_known_as(key, names): value for key, value in kwargs.items()}
        for position, parameter in checked:
            given = args[position] if position < len(args) else kwargs.get(parameter)
            if not isinstance(given, Tensor):
                _reject(
                    public, position, parameter, given, present=position < len(args) or parameter in kwargs
                )
        for check in others:
            if check.position < len(args):
                given = args[check.position]
            elif check.name in kwargs:
                given = kwargs[check.name]
            else:
                continue
            if type(given) not in check.types and not check.fits(given):
                raise misfit(public, check, given, named=check.position >= len(args))
        recorder = recording._recorder or recording.current()
        first = recorder.next_id
        try:
            result = body(*args, **kwargs)
        except NotNumberError as error:
            raise _misplaced(public, parameters, args, kwargs, error) from None
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is None:
                # Python's own, about the call: it knows the body's name only.
                raise TypeError(f"{public}{str(error).removeprefix(body.__qualname__)}") from None
            raise
        if type(result) is not Tensor:
            if recorder.next_id != first:
                _settle(result, first, label, args, kwargs)
        elif result._edge is not None:
            node = result._edge[0]
            if node.output != first:  # type: ignore[union-attr]
                _settle(result, first, label, args, kwargs)
            elif node.rule.fixed or node.rule.label != label:  # type: ignore[union-attr]
                _name(node, label)  # type: ignore[arg-type]
        return result if out is None else _give_out(public, out, result, args)

    call.__name__ = call.__qualname__ = public
    return call


def _coupling(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def joined(*args: Any, **kwargs: Any) -> Any:
        return couple(call(*args, **kwargs), *tensors_in(args), *tensors_in(list(kwargs.values())))

    return joined


def _writing(call: Callable[..., Any], place: int) -> Callable[..., Any]:
    """The function, whose result goes into its first argument where that is asked for."""

    @functools.wraps(call)
    def written(*args: Any, **kwargs: Any) -> Any:
        result = call(*args, **kwargs)
        if args[place] if place < len(args) else kwargs.get("inplace"):
            return _write(args[0] if args else kwargs["input"], result)
        return result

    return written


def _known_as(key: str, names: frozenset[str]) -> str:
    return SYNONYMS[key] if key not in names and SYNONYMS.get(key) in names else key


def _reject(public: str, position: int, parameter: str, given: object, *, present: bool) -> None:
    if not present:
        raise TypeError(f'{public}() missing 1 required positional arguments: "{parameter}"')
    kind = type(given).__name__
    raise TypeError(
        f"{public}(): argument '{parameter}' (position {position + 1}) must be Tensor, not {kind}"
    )


def _misplaced(
    public: str,
    parameters: tuple[str, ...],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    error: NotNumberError,
) -> TypeError:
    """The error that names the argument that is neither tensor nor number."""
    kind = type(error.value).__name__
    for i, name in enumerate(parameters):
        if (args[i] if i < len(args) else kwargs.get(name)) is error.value:
            return TypeError(f"{public}(): argument '{name}' (position {i + 1}) must be Tensor, not {kind}")
    return error


def _settle(
    result: Any, first: int, label: str | None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Names the nodes that a function made for its results."""
    for tensor in (result,) if type(result) is Tensor else tensors_in(result):
        node = None if tensor._edge is None else tensor._edge[0]
        if not isinstance(node, Node) or node.output < first:
            continue  # an argument, handed back as it is
        _name(node, label)
        if label is not None and node.output > first:
            shown: list[Edge | None] = []
            for given in (*args, *kwargs.values()) if kwargs else args:
                if type(given) is Tensor:
                    shown.append(edge_of(given))
                elif isinstance(given, (list, tuple, Tensor)):
                    shown.extend([edge_of(t) for t in tensors_in(given)])
            node.extras().shown = tuple(shown)


def _name(node: Node, label: str | None) -> None:
    """Gives a node its function's name, unless the function has chosen another."""
    rule = node.rule
    if rule.fixed:
        node.rule = renamed(rule, rule.label)
    elif label is not None and label != rule.label:
        node.rule = renamed(rule, label)


def _give_out(public: str, out: Any, result: Any, args: tuple[Any, ...]) -> Any:
    from telegrad.sharing.writing import write_out  # which needs primitives

    targets, sources = list(tensors_in(out)), list(tensors_in(result))
    if len(targets) != len(sources):
        wanted = "Tensor" if len(sources) == 1 else f"tuple of {len(sources)} Tensors"
        raise TypeError(f"{public}(): argument 'out' must be {wanted}, not {kind_of(out)}")
    for target, source in zip(targets, sources, strict=True):
        write_out(public, target, source, beside=tensors_in(args))
    return out


def _write(target: Tensor, source: Tensor) -> Tensor:
    from telegrad.sharing.writing import write  # which needs primitives

    return write(target, source)


def _in_place(function: Callable[..., Any], name: str) -> Callable[..., Tensor]:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        from telegrad.sharing.writing import check_writable, write  # which needs primitives

        check_writable(self)
        first = (recording._recorder or recording.current()).next_id
        return write(self, function(self, *args, **kwargs), since=first)

    method.__name__ = method.__qualname__ = name + "_"
    method.__doc__ = f"`{name}`, written into this tensor."
    return method
