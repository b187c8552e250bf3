"""torch.nn.functional: what layers compute, without the layers."""

from __future__ import annotations

from telegrad.nn.functional.activation import (
    _sigmoid as sigmoid,  # noqa: F401
)
from telegrad.nn.functional.activation import (
    _tanh as tanh,  # noqa: F401
)
from telegrad.nn.functional.activation import (
    celu as celu,
)
from telegrad.nn.functional.activation import (
    elu as elu,
)
from telegrad.nn.functional.activation import (
    gelu as gelu,
)
from telegrad.nn.functional.activation import (
    glu as glu,
)
from telegrad.nn.functional.activation import (
    hardshrink as hardshrink,
)
from telegrad.nn.functional.activation import (
    hardsigmoid as hardsigmoid,
)
from telegrad.nn.functional.activation import (
    hardswish as hardswish,
)
from telegrad.nn.functional.activation import (
    hardtanh as hardtanh,
)
from telegrad.nn.functional.activation import (
    leaky_relu as leaky_relu,
)
from telegrad.nn.functional.activation import (
    logsigmoid as logsigmoid,
)
from telegrad.nn.functional.activation import (
    mish as mish,
)
from telegrad.nn.functional.activation import (
    prelu as prelu,
)
from telegrad.nn.functional.activation import (
    relu as relu,
)
from telegrad.nn.functional.activation import (
    relu6 as relu6,
)
from telegrad.nn.functional.activation import (
    selu as selu,
)
from telegrad.nn.functional.activation import (
    silu as silu,
)
from telegrad.nn.functional.activation import (
    softplus as softplus,
)
from telegrad.nn.functional.activation import (
    softshrink as softshrink,
)
from telegrad.nn.functional.activation import (
    softsign as softsign,
)
from telegrad.nn.functional.activation import (
    tanhshrink as tanhshrink,
)
from telegrad.nn.functional.activation import (
    threshold as threshold,
)
from telegrad.nn.functional.adaptive import (
    adaptive_avg_pool1d as adaptive_avg_pool1d,
)
from telegrad.nn.functional.adaptive import (
    adaptive_avg_pool2d as adaptive_avg_pool2d,
)
from telegrad.nn.functional.adaptive import (
    adaptive_avg_pool3d as adaptive_avg_pool3d,
)
from telegrad.nn.functional.adaptive import (
    adaptive_max_pool1d as adaptive_max_pool1d,
)
from telegrad.nn.functional.adaptive import (
    adaptive_max_pool2d as adaptive_max_pool2d,
)
from telegrad.nn.functional.adaptive import (
    adaptive_max_pool3d as adaptive_max_pool3d,
)
from telegrad.nn.functional.adaptive import (
    max_unpool1d as max_unpool1d,
)
from telegrad.nn.functional.adaptive import (
    max_unpool2d as max_unpool2d,
)
from telegrad.nn.functional.adaptive import (
    max_unpool3d as max_unpool3d,
)
from telegrad.nn.functional.arrangement import (
    channel_shuffle as channel_shuffle,
)
from telegrad.nn.functional.arrangement import (
    channel_shuffle as native_channel_shuffle,  # noqa: F401
)
from telegrad.nn.functional.arrangement import (
    pixel_shuffle as pixel_shuffle,
)
from telegrad.nn.functional.arrangement import (
    pixel_unshuffle as pixel_unshuffle,
)
from telegrad.nn.functional.classification import (
    cross_entropy as cross_entropy,
)
from telegrad.nn.functional.classification import (
    multi_margin_loss as multi_margin_loss,
)
from telegrad.nn.functional.classification import (
    multilabel_margin_loss as multilabel_margin_loss,
)
from telegrad.nn.functional.classification import (
    nll_loss as nll_loss,
)
from telegrad.nn.functional.convolution import (
    conv1d as conv1d,
)
from telegrad.nn.functional.convolution import (
    conv2d as conv2d,
)
from telegrad.nn.functional.convolution import (
    conv3d as conv3d,
)
from telegrad.nn.functional.convolution import (
    conv_transpose1d as conv_transpose1d,
)
from telegrad.nn.functional.convolution import (
    conv_transpose2d as conv_transpose2d,
)
from telegrad.nn.functional.convolution import (
    conv_transpose3d as conv_transpose3d,
)
from telegrad.nn.functional.convolution import (
    fold as fold,
)
from telegrad.nn.functional.convolution import (
    unfold as unfold,
)
from telegrad.nn.functional.ctc import (
    ctc_loss as ctc_loss,
)
from telegrad.nn.functional.distance import (
    cosine_similarity as cosine_similarity,
)
from telegrad.nn.functional.distance import (
    normalize as normalize,
)
from telegrad.nn.functional.distance import (
    pairwise_distance as pairwise_distance,
)
from telegrad.nn.functional.distance import (
    pdist as pdist,
)
from telegrad.nn.functional.embeddings import (
    embedding as embedding,
)
from telegrad.nn.functional.embeddings import (
    embedding_bag as embedding_bag,
)
from telegrad.nn.functional.interpolation import (
    interpolate as interpolate,
)
from telegrad.nn.functional.interpolation import (
    upsample as upsample,
)
from telegrad.nn.functional.loss import (
    binary_cross_entropy as binary_cross_entropy,
)
from telegrad.nn.functional.loss import (
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
)
from telegrad.nn.functional.loss import (
    gaussian_nll_loss as gaussian_nll_loss,
)
from telegrad.nn.functional.loss import (
    huber_loss as huber_loss,
)
from telegrad.nn.functional.loss import (
    kl_div as kl_div,
)
from telegrad.nn.functional.loss import (
    l1_loss as l1_loss,
)
from telegrad.nn.functional.loss import (
    mse_loss as mse_loss,
)
from telegrad.nn.functional.loss import (
    multilabel_soft_margin_loss as multilabel_soft_margin_loss,
)
from telegrad.nn.functional.loss import (
    poisson_nll_loss as poisson_nll_loss,
)
from telegrad.nn.functional.loss import (
    smooth_l1_loss as smooth_l1_loss,
)
from telegrad.nn.functional.loss import (
    soft_margin_loss as soft_margin_loss,
)
from telegrad.nn.functional.noise import (
    alpha_dropout as alpha_dropout,
)
from telegrad.nn.functional.noise import (
    dropout as dropout,
)
from telegrad.nn.functional.noise import (
    dropout1d as dropout1d,
)
from telegrad.nn.functional.noise import (
    dropout2d as dropout2d,
)
from telegrad.nn.functional.noise import (
    dropout3d as dropout3d,
)
from telegrad.nn.functional.noise import (
    feature_alpha_dropout as feature_alpha_dropout,
)
from telegrad.nn.functional.noise import (
    gumbel_softmax as gumbel_softmax,
)
from telegrad.nn.functional.noise import (
    rrelu as rrelu,
)
from telegrad.nn.functional.normalization import (
    batch_norm as batch_norm,
)
from telegrad.nn.functional.normalization import (
    group_norm as group_norm,
)
from telegrad.nn.functional.normalization import (
    instance_norm as instance_norm,
)
from telegrad.nn.functional.normalization import (
    layer_norm as layer_norm,
)
from telegrad.nn.functional.normalization import (
    local_response_norm as local_response_norm,
)
from telegrad.nn.functional.normalization import (
    rms_norm as rms_norm,
)
from telegrad.nn.functional.padding import (
    pad as pad,
)
from telegrad.nn.functional.pooling import (
    avg_pool1d as avg_pool1d,
)
from telegrad.nn.functional.pooling import (
    avg_pool2d as avg_pool2d,
)
from telegrad.nn.functional.pooling import (
    avg_pool3d as avg_pool3d,
)
from telegrad.nn.functional.pooling import (
    lp_pool1d as lp_pool1d,
)
from telegrad.nn.functional.pooling import (
    lp_pool2d as lp_pool2d,
)
from telegrad.nn.functional.pooling import (
    lp_pool3d as lp_pool3d,
)
from telegrad.nn.functional.pooling import (
    max_pool1d as max_pool1d,
)
from telegrad.nn.functional.pooling import (
    max_pool1d_with_indices as max_pool1d_with_indices,
)
from telegrad.nn.functional.pooling import (
    max_pool2d as max_pool2d,
)
from telegrad.nn.functional.pooling import (
    max_pool2d_with_indices as max_pool2d_with_indices,
)
from telegrad.nn.functional.pooling import (
    max_pool3d as max_pool3d,
)
from telegrad.nn.functional.pooling import (
    max_pool3d_with_indices as max_pool3d_with_indices,
)
from telegrad.nn.functional.products import (
    bilinear as bilinear,
)
from telegrad.nn.functional.products import (
    linear as linear,
)
from telegrad.nn.functional.products import (
    one_hot as one_hot,
)
from telegrad.nn.functional.products import (
    scaled_dot_product_attention as scaled_dot_product_attention,
)
from telegrad.nn.functional.ranking import (
    cosine_embedding_loss as cosine_embedding_loss,
)
from telegrad.nn.functional.ranking import (
    hinge_embedding_loss as hinge_embedding_loss,
)
from telegrad.nn.functional.ranking import (
    margin_ranking_loss as margin_ranking_loss,
)
from telegrad.nn.functional.ranking import (
    triplet_margin_loss as triplet_margin_loss,
)
from telegrad.nn.functional.ranking import (
    triplet_margin_with_distance_loss as triplet_margin_with_distance_loss,
)
from telegrad.nn.functional.shares import (
    _log_softmax as log_softmax,  # noqa: F401
)
from telegrad.nn.functional.shares import (
    _softmax as softmax,  # noqa: F401
)
from telegrad.nn.functional.shares import (
    softmin as softmin,
)
