"""The primitives: one function an operator of the catalogue, each recording one node.

Generated from the engine's operator records by `make gen`; do not edit. No promotion, no argument of
torch's: that is what the functions of `telegrad.functions` are for.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from telegrad.recording.recorder import record, record_many
from telegrad_proto.dtypes import DType
from telegrad_proto.opset import OPSET

if TYPE_CHECKING:
    from telegrad.tensor import Tensor

Number = builtins.bool | int | float | complex

_ABS = OPSET["abs"]


def abs(x: Tensor) -> Tensor:
    """The absolute value; of a complex number, real."""
    return record(_ABS, (x,), ())


_ACOS = OPSET["acos"]


def acos(x: Tensor) -> Tensor:
    """The angle whose cosine is x."""
    return record(_ACOS, (x,), ())


_ACOSH = OPSET["acosh"]


def acosh(x: Tensor) -> Tensor:
    """The number whose hyperbolic cosine is x."""
    return record(_ACOSH, (x,), ())


_ADD = OPSET["add"]


def add(a: Tensor, b: Tensor) -> Tensor:
    """a + b; of bools, or."""
    return record(_ADD, (a, b), ())


_ALL = OPSET["all"]


def all(x: Tensor, *, axes: tuple[int, ...], keepdims: builtins.bool) -> Tensor:
    """Whether none over the axes is zero."""
    return record(_ALL, (x,), (axes, keepdims))


_AMAX = OPSET["amax"]


def amax(x: Tensor, *, axes: tuple[int, ...], keepdims: builtins.bool) -> Tensor:
    """The largest element over axes, NaN if one is; ties share the gradient evenly."""
    return record(_AMAX, (x,), (axes, keepdims))


_AMIN = OPSET["amin"]


def amin(x: Tensor, *, axes: tuple[int, ...], keepdims: builtins.bool) -> Tensor:
    """The smallest element over axes, NaN if one is; ties share the gradient evenly."""
    return record(_AMIN, (x,), (axes, keepdims))


_ANY = OPSET["any"]


def any(x: Tensor, *, axes: tuple[int, ...], keepdims: builtins.bool) -> Tensor:
    """Whether one over the axes is not zero."""
    return record(_ANY, (x,), (axes, keepdims))


_ARGMAX = OPSET["argmax"]


def argmax(x: Tensor, *, axis: int, keepdims: builtins.bool) -> Tensor:
    """The first position of the largest element along an axis."""
    return record(_ARGMAX, (x,), (axis, keepdims))


_ARGMIN = OPSET["argmin"]


def argmin(x: Tensor, *, axis: int, keepdims: builtins.bool) -> Tensor:
    """The first position of the smallest element along an axis."""
    return record(_ARGMIN, (x,), (axis, keepdims))


_ASIN = OPSET["asin"]


def asin(x: Tensor) -> Tensor:
    """The angle whose sine is x."""
    return record(_ASIN, (x,), ())


_ASINH = OPSET["asinh"]


def asinh(x: Tensor) -> Tensor:
    """The number whose hyperbolic sine is x."""
    return record(_ASINH, (x,), ())


_ATAN = OPSET["atan"]


def atan(x: Tensor) -> Tensor:
    """The angle whose tangent is x."""
    return record(_ATAN, (x,), ())


_ATAN2 = OPSET["atan2"]


def atan2(a: Tensor, b: Tensor) -> Tensor:
    """The angle of the point (b, a)."""
    return record(_ATAN2, (a, b), ())


_ATANH = OPSET["atanh"]


def atanh(x: Tensor) -> Tensor:
    """The number whose hyperbolic tangent is x."""
    return record(_ATANH, (x,), ())


_BESSEL_J0 = OPSET["bessel_j0"]


def bessel_j0(x: Tensor) -> Tensor:
    """The Bessel function of the first kind of order 0; no gradient."""
    return record(_BESSEL_J0, (x,), ())


_BESSEL_J1 = OPSET["bessel_j1"]


def bessel_j1(x: Tensor) -> Tensor:
    """The Bessel function of the first kind of order 1; no gradient."""
    return record(_BESSEL_J1, (x,), ())


_BESSEL_Y0 = OPSET["bessel_y0"]


def bessel_y0(x: Tensor) -> Tensor:
    """The Bessel function of the second kind of order 0; no gradient."""
    return record(_BESSEL_Y0, (x,), ())


_BESSEL_Y1 = OPSET["bessel_y1"]


def bessel_y1(x: Tensor) -> Tensor:
    """The Bessel function of the second kind of order 1; no gradient."""
    return record(_BESSEL_Y1, (x,), ())


_BETA_SLOPE = OPSET["beta_slope"]


def beta_slope(x: Tensor, a: Tensor, b: Tensor, *, m: int, n: int) -> Tensor:
    """-(d/da)^m (d/db)^n P / p of the beta distribution; of orders (1, 0) how its quantiles move with a."""
    return record(_BETA_SLOPE, (x, a, b), (m, n))


_BITWISE_AND = OPSET["bitwise_and"]


def bitwise_and(a: Tensor, b: Tensor) -> Tensor:
    """Bits set in both."""
    return record(_BITWISE_AND, (a, b), ())


_BITWISE_NOT = OPSET["bitwise_not"]


def bitwise_not(x: Tensor) -> Tensor:
    """Every bit turned; of bools, not."""
    return record(_BITWISE_NOT, (x,), ())


_BITWISE_OR = OPSET["bitwise_or"]


def bitwise_or(a: Tensor, b: Tensor) -> Tensor:
    """Bits set in either."""
    return record(_BITWISE_OR, (a, b), ())


_BITWISE_XOR = OPSET["bitwise_xor"]


def bitwise_xor(a: Tensor, b: Tensor) -> Tensor:
    """Bits set in one."""
    return record(_BITWISE_XOR, (a, b), ())


_BROADCAST_TO = OPSET["broadcast_to"]


def broadcast_to(x: Tensor, *, shape: tuple[int, ...]) -> Tensor:
    """x repeated along dimensions of size 1, and along new ones in front."""
    return record(_BROADCAST_TO, (x,), (shape,))


_CAST = OPSET["cast"]


def cast(x: Tensor, *, dtype: DType) -> Tensor:
    """The same numbers in another element type; of a complex number the real part."""
    return record(_CAST, (x,), (dtype,))


_CEIL = OPSET["ceil"]


def ceil(x: Tensor) -> Tensor:
    """The next integer up."""
    return record(_CEIL, (x,), ())


_CHOLESKY = OPSET["cholesky"]


def cholesky(x: Tensor) -> Tensor:
    """The lower triangular factor L of L L^H, read from the lower triangle."""
    return record(_CHOLESKY, (x,), ())


_CHOLESKY_ORDER = OPSET["cholesky_order"]


def cholesky_order(x: Tensor) -> Tensor:
    """The order of the first leading minor that is not positive definite; 0 where all of them are."""
    return record(_CHOLESKY_ORDER, (x,), ())


_COFACTOR = OPSET["cofactor"]


def cofactor(x: Tensor) -> Tensor:
    """The derivatives of the determinants of square matrices by their elements."""
    return record(_COFACTOR, (x,), ())


_COMPLEX = OPSET["complex"]


def complex(re: Tensor, im: Tensor) -> Tensor:
    """re + i im."""
    return record(_COMPLEX, (re, im), ())


_CONCATENATE = OPSET["concatenate"]


def concatenate(*xs: Tensor, axis: int) -> Tensor:
    """The inputs one behind the other along an axis."""
    return record(_CONCATENATE, xs, (axis,))


_CONJ = OPSET["conj"]


def conj(x: Tensor) -> Tensor:
    """The complex conjugate."""
    return record(_CONJ, (x,), ())


_COPYSIGN = OPSET["copysign"]


def copysign(a: Tensor, b: Tensor) -> Tensor:
    """a with the sign of b."""
    return record(_COPYSIGN, (a, b), ())


_COS = OPSET["cos"]


def cos(x: Tensor) -> Tensor:
    """Cosine."""
    return record(_COS, (x,), ())


_COSH = OPSET["cosh"]


def cosh(x: Tensor) -> Tensor:
    """Hyperbolic cosine."""
    return record(_COSH, (x,), ())


_CUMMAX = OPSET["cummax"]


def cummax(x: Tensor, *, axis: int) -> tuple[Tensor, Tensor]:
    """The largest element up to each place, and the last place it was seen at."""
    return record_many(_CUMMAX, (x,), (axis,))  # type: ignore[return-value]


_CUMMIN = OPSET["cummin"]


def cummin(x: Tensor, *, axis: int) -> tuple[Tensor, Tensor]:
    """The smallest element up to each place, and the last place it was seen at."""
    return record_many(_CUMMIN, (x,), (axis,))  # type: ignore[return-value]


_CUMPROD = OPSET["cumprod"]


def cumprod(x: Tensor, *, axis: int) -> Tensor:
    """The product of all elements up to each."""
    return record(_CUMPROD, (x,), (axis,))


_CUMSUM = OPSET["cumsum"]


def cumsum(x: Tensor, *, axis: int, reverse: builtins.bool) -> Tensor:
    """The sum of all elements up to each, from the end where `reverse`."""
    return record(_CUMSUM, (x,), (axis, reverse))


_DET = OPSET["det"]


def det(x: Tensor) -> Tensor:
    """The determinants of square matrices."""
    return record(_DET, (x,), ())


_DIGAMMA = OPSET["digamma"]


def digamma(x: Tensor) -> Tensor:
    """The derivative of lgamma."""
    return record(_DIGAMMA, (x,), ())


_DIV = OPSET["div"]


def div(a: Tensor, b: Tensor) -> Tensor:
    """a / b."""
    return record(_DIV, (a, b), ())


_EIG = OPSET["eig"]


def eig(x: Tensor) -> tuple[Tensor, Tensor]:
    """Complex eigenvalues, and eigenvectors of length 1."""
    return record_many(_EIG, (x,), ())  # type: ignore[return-value]


_EIGH = OPSET["eigh"]


def eigh(x: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues, increasing, and eigenvectors of Hermitian matrices, read from the lower triangle."""
    return record_many(_EIGH, (x,), ())  # type: ignore[return-value]


_EQ = OPSET["eq"]


def eq(a: Tensor, b: Tensor) -> Tensor:
    """a == b."""
    return record(_EQ, (a, b), ())


_ERF = OPSET["erf"]


def erf(x: Tensor) -> Tensor:
    """The error function."""
    return record(_ERF, (x,), ())


_ERFC = OPSET["erfc"]


def erfc(x: Tensor) -> Tensor:
    """1 - erf(x), accurate for large x."""
    return record(_ERFC, (x,), ())


_ERFCX = OPSET["erfcx"]


def erfcx(x: Tensor) -> Tensor:
    """exp(x^2) erfc(x)."""
    return record(_ERFCX, (x,), ())


_ERFINV = OPSET["erfinv"]


def erfinv(x: Tensor) -> Tensor:
    """The number whose error function is x."""
    return record(_ERFINV, (x,), ())


_EXP = OPSET["exp"]


def exp(x: Tensor) -> Tensor:
    """e to the power of x."""
    return record(_EXP, (x,), ())


_EXP2 = OPSET["exp2"]


def exp2(x: Tensor) -> Tensor:
    """2 to the power of x."""
    return record(_EXP2, (x,), ())


_EXPM1 = OPSET["expm1"]


def expm1(x: Tensor) -> Tensor:
    """exp(x) - 1, accurate near 0."""
    return record(_EXPM1, (x,), ())


_FFT = OPSET["fft"]


def fft(x: Tensor, *, axes: tuple[int, ...], inverse: builtins.bool) -> Tensor:
    """The discrete Fourier transform over axes, complex to complex, not normalized either way."""
    return record(_FFT, (x,), (axes, inverse))


_FLIP = OPSET["flip"]


def flip(x: Tensor, *, axes: tuple[int, ...]) -> Tensor:
    """Axes reversed."""
    return record(_FLIP, (x,), (axes,))


_FLOOR = OPSET["floor"]


def floor(x: Tensor) -> Tensor:
    """The next integer down."""
    return record(_FLOOR, (x,), ())


_FLOOR_DIVIDE = OPSET["floor_divide"]


def floor_divide(a: Tensor, b: Tensor) -> Tensor:
    """a / b rounded down."""
    return record(_FLOOR_DIVIDE, (a, b), ())


_FMOD = OPSET["fmod"]


def fmod(a: Tensor, b: Tensor) -> Tensor:
    """a - b * trunc(a / b): of a's sign, as C's fmod."""
    return record(_FMOD, (a, b), ())


_FOLD_WINDOWS = OPSET["fold_windows"]


def fold_windows(x: Tensor, *, spatial: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...]) -> Tensor:
    """Windows added up where they overlap: the adjoint of `windows`."""
    return record(_FOLD_WINDOWS, (x,), (spatial, strides, dilations))


_FULL = OPSET["full"]


def full(*, shape: tuple[int, ...], fill: Number, dtype: DType) -> Tensor:
    """One number in every place."""
    return record(_FULL, (), (shape, fill, dtype))


_GAMMA_SLOPE = OPSET["gamma_slope"]


def gamma_slope(a: Tensor, x: Tensor, *, order: int) -> Tensor:
    """-(d/da)^order P / p of the gamma distribution; of order 1 how its quantiles move with a."""
    return record(_GAMMA_SLOPE, (a, x), (order,))


_GATHER = OPSET["gather"]


def gather(x: Tensor, index: Tensor, *, axis: int) -> Tensor:
    """x read along an axis: y[i][j] = x[index[i][j]][j] for axis 0."""
    return record(_GATHER, (x, index), (axis,))


_GCD = OPSET["gcd"]


def gcd(a: Tensor, b: Tensor) -> Tensor:
    """The greatest common divisor."""
    return record(_GCD, (a, b), ())


_GE = OPSET["ge"]


def ge(a: Tensor, b: Tensor) -> Tensor:
    """a >= b."""
    return record(_GE, (a, b), ())


_GT = OPSET["gt"]


def gt(a: Tensor, b: Tensor) -> Tensor:
    """a > b."""
    return record(_GT, (a, b), ())


_HYPOT = OPSET["hypot"]


def hypot(a: Tensor, b: Tensor) -> Tensor:
    """sqrt(a^2 + b^2) without overflow on the way."""
    return record(_HYPOT, (a, b), ())


_I0 = OPSET["i0"]


def i0(x: Tensor) -> Tensor:
    """The modified Bessel function of order 0."""
    return record(_I0, (x,), ())


_I0E = OPSET["i0e"]


def i0e(x: Tensor) -> Tensor:
    """exp(-|x|) i0(x)."""
    return record(_I0E, (x,), ())


_I1 = OPSET["i1"]


def i1(x: Tensor) -> Tensor:
    """The modified Bessel function of order 1."""
    return record(_I1, (x,), ())


_I1E = OPSET["i1e"]


def i1e(x: Tensor) -> Tensor:
    """exp(-|x|) i1(x)."""
    return record(_I1E, (x,), ())


_IDENTITY = OPSET["identity"]


def identity(x: Tensor) -> Tensor:
    """x itself, under another id."""
    return record(_IDENTITY, (x,), ())


_IGAMMA = OPSET["igamma"]


def igamma(a: Tensor, x: Tensor) -> Tensor:
    """The regularized lower incomplete gamma function."""
    return record(_IGAMMA, (a, x), ())


_IGAMMAC = OPSET["igammac"]


def igammac(a: Tensor, x: Tensor) -> Tensor:
    """1 - igamma(a, x)."""
    return record(_IGAMMAC, (a, x), ())


_IMAG = OPSET["imag"]


def imag(x: Tensor) -> Tensor:
    """The imaginary part."""
    return record(_IMAG, (x,), ())


_INDEX = OPSET["index"]


def index(x: Tensor, *indices: Tensor, axes: tuple[int, ...]) -> Tensor:
    """x read at index arrays, which broadcast, along some axes."""
    return record(_INDEX, (x, *indices), (axes,))


_INDEX_PUT = OPSET["index_put"]


def index_put(x: Tensor, values: Tensor, *indices: Tensor, axes: tuple[int, ...], accumulate: builtins.bool) -> Tensor:
    """x with values written, or added, at index arrays along some axes."""
    return record(_INDEX_PUT, (x, values, *indices), (axes, accumulate))


_IOTA = OPSET["iota"]


def iota(*, size: int, dtype: DType) -> Tensor:
    """0, 1, 2, ..., size - 1."""
    return record(_IOTA, (), (size, dtype))


_ISFINITE = OPSET["isfinite"]


def isfinite(x: Tensor) -> Tensor:
    """Whether x is neither infinite nor NaN."""
    return record(_ISFINITE, (x,), ())


_ISINF = OPSET["isinf"]


def isinf(x: Tensor) -> Tensor:
    """Whether x is infinite."""
    return record(_ISINF, (x,), ())


_ISNAN = OPSET["isnan"]


def isnan(x: Tensor) -> Tensor:
    """Whether x is NaN."""
    return record(_ISNAN, (x,), ())


_K0E = OPSET["k0e"]


def k0e(x: Tensor) -> Tensor:
    """exp(x) times the modified Bessel function k0; no gradient."""
    return record(_K0E, (x,), ())


_K1E = OPSET["k1e"]


def k1e(x: Tensor) -> Tensor:
    """exp(x) times the modified Bessel function k1; no gradient."""
    return record(_K1E, (x,), ())


_LCM = OPSET["lcm"]


def lcm(a: Tensor, b: Tensor) -> Tensor:
    """The least common multiple."""
    return record(_LCM, (a, b), ())


_LE = OPSET["le"]


def le(a: Tensor, b: Tensor) -> Tensor:
    """a <= b."""
    return record(_LE, (a, b), ())


_LGAMMA = OPSET["lgamma"]


def lgamma(x: Tensor) -> Tensor:
    """The logarithm of |gamma(x)|."""
    return record(_LGAMMA, (x,), ())


_LINEAR_SCAN = OPSET["linear_scan"]


def linear_scan(a: Tensor, b: Tensor, *, axis: int, reverse: builtins.bool) -> Tensor:
    """h with h[i] = a[i] h[i - 1] + b[i] along an axis, h[i + 1] where `reverse`."""
    return record(_LINEAR_SCAN, (a, b), (axis, reverse))


_LOG = OPSET["log"]


def log(x: Tensor) -> Tensor:
    """The natural logarithm."""
    return record(_LOG, (x,), ())


_LOG10 = OPSET["log10"]


def log10(x: Tensor) -> Tensor:
    """The logarithm to base 10."""
    return record(_LOG10, (x,), ())


_LOG1P = OPSET["log1p"]


def log1p(x: Tensor) -> Tensor:
    """log(1 + x), accurate near 0."""
    return record(_LOG1P, (x,), ())


_LOG2 = OPSET["log2"]


def log2(x: Tensor) -> Tensor:
    """The logarithm to base 2."""
    return record(_LOG2, (x,), ())


_LOG_NDTR = OPSET["log_ndtr"]


def log_ndtr(x: Tensor) -> Tensor:
    """The logarithm of the standard normal distribution function."""
    return record(_LOG_NDTR, (x,), ())


_LOGCUMSUMEXP = OPSET["logcumsumexp"]


def logcumsumexp(x: Tensor, *, axis: int) -> Tensor:
    """The logarithm of the running sum of exponentials."""
    return record(_LOGCUMSUMEXP, (x,), (axis,))


_LOGICAL_AND = OPSET["logical_and"]


def logical_and(a: Tensor, b: Tensor) -> Tensor:
    """Whether neither is zero."""
    return record(_LOGICAL_AND, (a, b), ())


_LOGICAL_NOT = OPSET["logical_not"]


def logical_not(x: Tensor) -> Tensor:
    """Whether x is zero."""
    return record(_LOGICAL_NOT, (x,), ())


_LOGICAL_OR = OPSET["logical_or"]


def logical_or(a: Tensor, b: Tensor) -> Tensor:
    """Whether one is not zero."""
    return record(_LOGICAL_OR, (a, b), ())


_LOGICAL_XOR = OPSET["logical_xor"]


def logical_xor(a: Tensor, b: Tensor) -> Tensor:
    """Whether one is zero."""
    return record(_LOGICAL_XOR, (a, b), ())


_LT = OPSET["lt"]


def lt(a: Tensor, b: Tensor) -> Tensor:
    """a < b."""
    return record(_LT, (a, b), ())


_LU = OPSET["lu"]


def lu(x: Tensor) -> tuple[Tensor, Tensor]:
    """Both triangular factors in one matrix, and the row permutation p with x[p] = L U."""
    return record_many(_LU, (x,), ())  # type: ignore[return-value]


_MATMUL = OPSET["matmul"]


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Matrix products (..., m, k) x (..., k, n); leading dimensions broadcast."""
    return record(_MATMUL, (a, b), ())


_MATRIX_EXP = OPSET["matrix_exp"]


def matrix_exp(x: Tensor) -> Tensor:
    """The exponential of square matrices."""
    return record(_MATRIX_EXP, (x,), ())


_MAXIMUM = OPSET["maximum"]


def maximum(a: Tensor, b: Tensor) -> Tensor:
    """The larger of the two, NaN if one is; ties share the gradient."""
    return record(_MAXIMUM, (a, b), ())


_MINIMUM = OPSET["minimum"]


def minimum(a: Tensor, b: Tensor) -> Tensor:
    """The smaller of the two, NaN if one is; ties share the gradient."""
    return record(_MINIMUM, (a, b), ())


_MUL = OPSET["mul"]


def mul(a: Tensor, b: Tensor) -> Tensor:
    """a * b; of bools, and."""
    return record(_MUL, (a, b), ())


_NDTRI = OPSET["ndtri"]


def ndtri(x: Tensor) -> Tensor:
    """The number below which a standard normal variable lies with probability x."""
    return record(_NDTRI, (x,), ())


_NE = OPSET["ne"]


def ne(a: Tensor, b: Tensor) -> Tensor:
    """a != b."""
    return record(_NE, (a, b), ())


_NEG = OPSET["neg"]


def neg(x: Tensor) -> Tensor:
    """-x."""
    return record(_NEG, (x,), ())


_NEXTAFTER = OPSET["nextafter"]


def nextafter(a: Tensor, b: Tensor) -> Tensor:
    """The next floating point number after a towards b."""
    return record(_NEXTAFTER, (a, b), ())


_PAD = OPSET["pad"]


def pad(x: Tensor, *, low: tuple[int, ...], high: tuple[int, ...], interior: tuple[int, ...], value: Number) -> Tensor:
    """x with a value around it and between its elements; negative low and high crop."""
    return record(_PAD, (x,), (low, high, interior, value))


_PINV = OPSET["pinv"]


def pinv(x: Tensor, atol: Tensor, rtol: Tensor, *, hermitian: builtins.bool) -> Tensor:
    """Pseudo-inverses; singular values up to atol, or up to rtol times the largest, count as 0."""
    return record(_PINV, (x, atol, rtol), (hermitian,))


_POLYGAMMA = OPSET["polygamma"]


def polygamma(x: Tensor, *, n: int) -> Tensor:
    """The n-th derivative of digamma."""
    return record(_POLYGAMMA, (x,), (n,))


_POW = OPSET["pow"]


def pow(a: Tensor, b: Tensor) -> Tensor:
    """a to the power of b."""
    return record(_POW, (a, b), ())


_PROD = OPSET["prod"]


def prod(x: Tensor, *, axes: tuple[int, ...], keepdims: builtins.bool) -> Tensor:
    """The product over axes, in x's own element type."""
    return record(_PROD, (x,), (axes, keepdims))


_QR = OPSET["qr"]


def qr(x: Tensor, *, complete: builtins.bool) -> tuple[Tensor, Tensor]:
    """Orthonormal q and upper triangular r with x = q r."""
    return record_many(_QR, (x,), (complete,))  # type: ignore[return-value]


_RANDOM_BINOMIAL = OPSET["random_binomial"]


def random_binomial(key: Tensor, count: Tensor, prob: Tensor) -> Tensor:
    """Random counts of successes in so many trials with these chances."""
    return record(_RANDOM_BINOMIAL, (key, count, prob), ())


_RANDOM_BITS = OPSET["random_bits"]


def random_bits(key: Tensor, *, shape: tuple[int, ...]) -> Tensor:
    """64 random bits in every place; the same key gives the same."""
    return record(_RANDOM_BITS, (key,), (shape,))


_RANDOM_DIRICHLET = OPSET["random_dirichlet"]


def random_dirichlet(key: Tensor, alpha: Tensor) -> Tensor:
    """Random shares that sum to 1 along the last axis; differentiated as quantiles."""
    return record(_RANDOM_DIRICHLET, (key, alpha), ())


_RANDOM_GAMMA = OPSET["random_gamma"]


def random_gamma(key: Tensor, a: Tensor) -> Tensor:
    """Random numbers of gamma distributions of rate 1; differentiated as quantiles."""
    return record(_RANDOM_GAMMA, (key, a), ())


_RANDOM_NORMAL = OPSET["random_normal"]


def random_normal(key: Tensor, *, shape: tuple[int, ...], dtype: DType) -> Tensor:
    """Random numbers of the standard normal distribution; the same key gives the same."""
    return record(_RANDOM_NORMAL, (key,), (shape, dtype))


_RANDOM_POISSON = OPSET["random_poisson"]


def random_poisson(key: Tensor, rate: Tensor) -> Tensor:
    """Random counts of Poisson distributions."""
    return record(_RANDOM_POISSON, (key, rate), ())


_RANDOM_UNIFORM = OPSET["random_uniform"]


def random_uniform(key: Tensor, *, shape: tuple[int, ...], dtype: DType) -> Tensor:
    """Random numbers, evenly in [0, 1); the same key gives the same."""
    return record(_RANDOM_UNIFORM, (key,), (shape, dtype))


_RANDOM_VON_MISES = OPSET["random_von_mises"]


def random_von_mises(key: Tensor, concentration: Tensor) -> Tensor:
    """Random angles of von Mises distributions around 0."""
    return record(_RANDOM_VON_MISES, (key, concentration), ())


_REAL = OPSET["real"]


def real(x: Tensor) -> Tensor:
    """The real part."""
    return record(_REAL, (x,), ())


_REMAINDER = OPSET["remainder"]


def remainder(a: Tensor, b: Tensor) -> Tensor:
    """a - b * floor(a / b): of b's sign, as Python's %."""
    return record(_REMAINDER, (a, b), ())


_REQUIRE = OPSET["require"]


def require(x: Tensor, condition: Tensor, *, message: str) -> Tensor:
    """x itself, where the condition holds everywhere; else computing it fails with the message."""
    return record(_REQUIRE, (x, condition), (message,))


_RESHAPE = OPSET["reshape"]


def reshape(x: Tensor, *, shape: tuple[int, ...]) -> Tensor:
    """The same elements in C order, in other dimensions."""
    return record(_RESHAPE, (x,), (shape,))


_ROUND = OPSET["round"]


def round(x: Tensor) -> Tensor:
    """The nearest integer, halves to even."""
    return record(_ROUND, (x,), ())


_RSQRT = OPSET["rsqrt"]


def rsqrt(x: Tensor) -> Tensor:
    """1 / sqrt(x)."""
    return record(_RSQRT, (x,), ())


_SCATTER = OPSET["scatter"]


def scatter(x: Tensor, index: Tensor, src: Tensor, *, axis: int) -> Tensor:
    """x with src written along an axis; of several for one place any may stay."""
    return record(_SCATTER, (x, index, src), (axis,))


_SCATTER_ADD = OPSET["scatter_add"]


def scatter_add(x: Tensor, index: Tensor, src: Tensor, *, axis: int) -> Tensor:
    """x with src added along an axis, also several times to one place."""
    return record(_SCATTER_ADD, (x, index, src), (axis,))


_SEARCHSORTED = OPSET["searchsorted"]


def searchsorted(sorted: Tensor, values: Tensor, *, right: builtins.bool) -> Tensor:
    """Where each value would stand in a sorted last axis, before equals, or behind them where `right`."""
    return record(_SEARCHSORTED, (sorted, values), (right,))


_SET_SLICE = OPSET["set_slice"]


def set_slice(x: Tensor, src: Tensor, *, starts: tuple[int, ...], limits: tuple[int, ...], strides: tuple[int, ...]) -> Tensor:
    """x with src written over a slice."""
    return record(_SET_SLICE, (x, src), (starts, limits, strides))


_SHIFT_LEFT = OPSET["shift_left"]


def shift_left(a: Tensor, b: Tensor) -> Tensor:
    """a moved up by b bits; 0 where b is negative or past the width."""
    return record(_SHIFT_LEFT, (a, b), ())


_SHIFT_RIGHT = OPSET["shift_right"]


def shift_right(a: Tensor, b: Tensor) -> Tensor:
    """a moved down by b bits, the sign filling up; only the sign is left where b is out of range."""
    return record(_SHIFT_RIGHT, (a, b), ())


_SIGMOID = OPSET["sigmoid"]


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    return record(_SIGMOID, (x,), ())


_SIGN = OPSET["sign"]


def sign(x: Tensor) -> Tensor:
    """-1, 0 or 1, and 0 of NaN; of a complex number x / |x|, and 0 of 0."""
    return record(_SIGN, (x,), ())


_SIN = OPSET["sin"]


def sin(x: Tensor) -> Tensor:
    """Sine."""
    return record(_SIN, (x,), ())


_SINH = OPSET["sinh"]


def sinh(x: Tensor) -> Tensor:
    """Hyperbolic sine."""
    return record(_SINH, (x,), ())


_SLICE = OPSET["slice"]


def slice(x: Tensor, *, starts: tuple[int, ...], limits: tuple[int, ...], strides: tuple[int, ...]) -> Tensor:
    """The elements start, start + stride, ... before limit in every dimension."""
    return record(_SLICE, (x,), (starts, limits, strides))


_SOLVE = OPSET["solve"]


def solve(a: Tensor, b: Tensor) -> Tensor:
    """x with a x = b; leading dimensions broadcast."""
    return record(_SOLVE, (a, b), ())


_SORT = OPSET["sort"]


def sort(x: Tensor, *, axis: int, descending: builtins.bool, stable: builtins.bool) -> tuple[Tensor, Tensor]:
    """x in order along an axis, and the positions its elements had; equal ones keep their order."""
    return record_many(_SORT, (x,), (axis, descending, stable))  # type: ignore[return-value]


_SQRT = OPSET["sqrt"]


def sqrt(x: Tensor) -> Tensor:
    """The square root."""
    return record(_SQRT, (x,), ())


_SUB = OPSET["sub"]


def sub(a: Tensor, b: Tensor) -> Tensor:
    """a - b."""
    return record(_SUB, (a, b), ())


_SUM = OPSET["sum"]


def sum(x: Tensor, *, axes: tuple[int, ...], keepdims: builtins.bool) -> Tensor:
    """The sum over axes, in x's own element type."""
    return record(_SUM, (x,), (axes, keepdims))


_SVD = OPSET["svd"]


def svd(x: Tensor, *, full: builtins.bool) -> tuple[Tensor, Tensor, Tensor]:
    """Singular values s, largest first, with x = u diag(s) vh."""
    return record_many(_SVD, (x,), (full,))  # type: ignore[return-value]


_TAN = OPSET["tan"]


def tan(x: Tensor) -> Tensor:
    """Tangent."""
    return record(_TAN, (x,), ())


_TANH = OPSET["tanh"]


def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent."""
    return record(_TANH, (x,), ())


_TRANSPOSE = OPSET["transpose"]


def transpose(x: Tensor, *, perm: tuple[int, ...]) -> Tensor:
    """The dimensions in another order."""
    return record(_TRANSPOSE, (x,), (perm,))


_TRIANGULAR_SOLVE = OPSET["triangular_solve"]


def triangular_solve(a: Tensor, b: Tensor, *, upper: builtins.bool, unit: builtins.bool) -> Tensor:
    """x with a x = b, where one triangle of a is read, the diagonal as ones where `unit`."""
    return record(_TRIANGULAR_SOLVE, (a, b), (upper, unit))


_TRUNC = OPSET["trunc"]


def trunc(x: Tensor) -> Tensor:
    """The next integer towards zero."""
    return record(_TRUNC, (x,), ())


_WHERE = OPSET["where"]


def where(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """a where the condition holds, else b."""
    return record(_WHERE, (condition, a, b), ())


_WINDOWS = OPSET["windows"]


def windows(x: Tensor, *, sizes: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...]) -> Tensor:
    """Every window over the last dimensions: lead + spatial gives lead + counts + sizes."""
    return record(_WINDOWS, (x,), (sizes, strides, dilations))


_ZETA = OPSET["zeta"]


def zeta(x: Tensor, q: Tensor) -> Tensor:
    """The Hurwitz zeta function; no gradient for x."""
    return record(_ZETA, (x, q), ())
