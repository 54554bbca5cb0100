"""The C interface, for ctypes. Generated from include/prefdissect by gen_api.py: do not edit."""
# mypy: disable-error-code="assignment"
from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char_p,
    c_double,
    c_int32,
    c_int64,
    c_int8,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any

PDX_VERSION_MAJOR = 0
PDX_VERSION_MINOR = 1
PDX_VERSION_PATCH = 0
PDX_OK = 0
PDX_EINVAL = -1
PDX_ENOMEM = -2
PDX_EIO = -3
PDX_EPARSE = -4
PDX_ENOTFOUND = -5
PDX_ENUMERIC = -6
PDX_ECANCELED = -7
PDX_EUNSUPPORTED = -8
PDX_ENETWORK = -9
PDX_EBUSY = -10
PDX_EBUDGET = -11
PDX_LOG_INFO = 0
PDX_LOG_WARNING = 1
PDX_STAGE_QUERY_FREE = 0
PDX_STAGE_QUERY_AWARE = 1
PDX_STAGE_QUERY_SPECIFIC = 2
PDX_STAGE_ERROR = 3
PDX_STAGE_COMPUTED = 4
PDX_RULE_SIGN = 0
PDX_RULE_REL = 1
PDX_RULE_ABS = 2
PDX_RULE_NONZERO = 3
PDX_RULE_COUNT = 4
PDX_RULE_LENGTH = 5
PDX_VALUES_COMPARISON = 0
PDX_VALUES_DIFFERENCE = 1
PDX_ORDER_UNKNOWN = 0
PDX_ORDER_AB = 1
PDX_ORDER_BA = 2
PDX_WINNER_NONE = 0
PDX_WINNER_A = 1
PDX_WINNER_B = 2
PDX_WINNER_TIE = 3
PDX_LABEL_AUTO = 0
PDX_LABEL_ORDER = 1
PDX_LABEL_SUM_LOGP = 2
PDX_LABEL_SOFT = 3
PDX_LABEL_MAJORITY = 4
PDX_LABEL_MARGIN = 5
PDX_TIES_DROP = 0
PDX_TIES_HALF = 1
PDX_TIES_REFUSE = 2
PDX_TIES_ORDINAL = 3
PDX_TIES_DAVIDSON = 4
PDX_ANNOTATE_QUERY = 0
PDX_ANNOTATE_REFERENCE = 1
PDX_ANNOTATE_QUERY_FREE = 2
PDX_ANNOTATE_QUERY_AWARE = 3
PDX_ANNOTATE_QUERY_SPECIFIC = 4
PDX_ANNOTATE_ERROR = 5
PDX_ANNOTATE_SCENARIO = 6
PDX_ANNOTATE_STAGES = 7
PDX_SHOW_RANDOM = 0
PDX_SHOW_BOTH = 1
PDX_SHOW_AB = 2
PDX_SHOW_BA = 3
PDX_STRUCTURED_AUTO = 0
PDX_STRUCTURED_SCHEMA = 1
PDX_STRUCTURED_JSON_SCHEMA = 2
PDX_STRUCTURED_JSON = 3
PDX_STRUCTURED_NONE = 4
PDX_TOO_LONG_REFUSE = 0
PDX_TOO_LONG_TRUNCATE = 1
PDX_HTTP_COMPLETIONS = 0
PDX_HTTP_CHAT = 1
PDX_HTTP_VERDICT = 2
PDX_HTTP_TOKEN_IDS = 3
PDX_HTTP_GENERATIVE_SCORING = 4
PDX_HTTP_SCORE = 5
PDX_HTTP_LLAMA = 6
PDX_ORDERS_BOTH = 0
PDX_ORDERS_AB = 1
PDX_ORDERS_BA = 2
PDX_PRIOR_LAPLACE = 0
PDX_PRIOR_GAUSSIAN = 1
PDX_PRIOR_EB = 2
PDX_POSITION_NONE = 0
PDX_POSITION_GAUSSIAN = 1
PDX_POSITION_LAPLACE = 2
PDX_METHOD_AUTO = 0
PDX_METHOD_EP = 1
PDX_METHOD_STIS = 2
PDX_METHOD_NUTS = 3
PDX_CERTIFICATE_AUTO = 0
PDX_CERTIFICATE_ALWAYS = 1
PDX_CERTIFICATE_NEVER = 2
PDX_POOL_NONE = 0
PDX_POOL_COMPLETE = 1
PDX_POOL_PARTIAL = 2
PDX_POOL_AUTO = 3
PDX_POOL_OVER_GROUPS = 0
PDX_POOL_OVER_JUDGES = 1
PDX_OVERLAP_SHARE = 0
PDX_OVERLAP_WHOLE = 1
PDX_COLUMNS_INT8 = 0
PDX_COLUMNS_FLOAT32 = 1
PDX_COLUMNS_WEIGHT = 1
PDX_COLUMNS_OFFSET = 2
PDX_COLUMNS_JUDGE = 4
PDX_COLUMNS_GROUP = 8
PDX_COLUMNS_CHUNK = 4096
PDX_METRIC_PEARSON = 0
PDX_METRIC_SPEARMAN = 1
PDX_METRIC_L1 = 2
PDX_METRIC_L2 = 3
PDX_METRIC_COUNT = 4
PDX_SIDE_RANDOM = 0
PDX_SIDE_A = 1
PDX_SIDE_B = 2
PDX_SIDE_BOTH = 3
PDX_EFFECT_AS_PREDICTED = 0
PDX_EFFECT_STRONGER = 1
PDX_EFFECT_WEAKER = 2
PDX_EFFECT_OPPOSITE = 3
PDX_WEIGHT_UNTESTED = 0
PDX_WEIGHT_UNCLEAR = 1
PDX_WEIGHT_CONFIRMED = 2
PDX_WEIGHT_CONTRADICTED = 3
PDX_WEIGHT_FOUND = 4
PDX_AGREEMENT_RAW = 0
PDX_AGREEMENT_KAPPA = 1


class Struct(Structure):
    """A C struct that shows its fields."""

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name, *_ in self._fields_)
        return f"{type(self).__name__}({values})"


class pdx_schema(Structure):
    """Opaque: only handled by pointer."""


class pdx_dataset(Structure):
    """Opaque: only handled by pointer."""


class pdx_judgments(Structure):
    """Opaque: only handled by pointer."""


class pdx_annotator(Structure):
    """Opaque: only handled by pointer."""


class pdx_judge(Structure):
    """Opaque: only handled by pointer."""


class pdx_posterior(Structure):
    """Opaque: only handled by pointer."""


class pdx_study(Structure):
    """Opaque: only handled by pointer."""


class pdx_pooled(Structure):
    """Opaque: only handled by pointer."""


class pdx_columns(Structure):
    """Opaque: only handled by pointer."""


class pdx_columns_writer(Structure):
    """Opaque: only handled by pointer."""


class pdx_similarity(Structure):
    """Opaque: only handled by pointer."""


class pdx_rating(Structure):
    """Opaque: only handled by pointer."""


class pdx_edits(Structure):
    """Opaque: only handled by pointer."""


class pdx_probe(Structure):
    """Opaque: only handled by pointer."""


class pdx_arms(Structure):
    """Opaque: only handled by pointer."""


class pdx_shift(Structure):
    """Opaque: only handled by pointer."""


class pdx_report(Structure):
    """Opaque: only handled by pointer."""


class pdx_progress(Struct):
    what: bytes | None
    done: int
    total: int
    seconds: float
    _fields_ = [
        ("what", c_char_p),
        ("done", c_int64),
        ("total", c_int64),
        ("seconds", c_double),
    ]


pdx_progress_fn = CFUNCTYPE(c_int32, c_void_p, POINTER(pdx_progress))


pdx_log_fn = CFUNCTYPE(None, c_void_p, c_int32, c_char_p)


class pdx_hooks(Struct):
    progress: Any
    log: Any
    user: Any
    _fields_ = [
        ("progress", pdx_progress_fn),
        ("log", pdx_log_fn),
        ("user", c_void_p),
    ]


class pdx_property(Struct):
    id: bytes | None
    name: bytes | None
    description: bytes | None
    stage: int
    rule: int
    polarity: int
    promptable: int
    scale_least: float
    scale_most: float
    tolerance: float
    depends_on: bytes | None
    _fields_ = [
        ("id", c_char_p),
        ("name", c_char_p),
        ("description", c_char_p),
        ("stage", c_int32),
        ("rule", c_int32),
        ("polarity", c_int32),
        ("promptable", c_int32),
        ("scale_least", c_double),
        ("scale_most", c_double),
        ("tolerance", c_double),
        ("depends_on", c_char_p),
    ]


class pdx_dataset_files(Struct):
    pairs: bytes | None
    features: bytes | None
    names: bytes | None
    annotations: bytes | None
    resolved: bytes | None
    groups: bytes | None
    _fields_ = [
        ("pairs", c_char_p),
        ("features", c_char_p),
        ("names", c_char_p),
        ("annotations", c_char_p),
        ("resolved", c_char_p),
        ("groups", c_char_p),
    ]


class pdx_dataset_options(Struct):
    size: int
    values: int
    schema: Any
    group_by: bytes | None
    where: bytes | None
    threads: int
    surface: int
    hooks: pdx_hooks
    _fields_ = [
        ("size", c_uint32),
        ("values", c_int32),
        ("schema", POINTER(pdx_schema)),
        ("group_by", c_char_p),
        ("where", c_char_p),
        ("threads", c_int32),
        ("surface", c_int32),
        ("hooks", pdx_hooks),
    ]


class pdx_repeats(Struct):
    looks: int
    mean: float
    sd: float
    _fields_ = [
        ("looks", c_int32),
        ("mean", c_double),
        ("sd", c_double),
    ]


class pdx_reliability(Struct):
    alpha: float
    low: float
    high: float
    noise: float
    looks: float
    pairs: int
    _fields_ = [
        ("alpha", c_double),
        ("low", c_double),
        ("high", c_double),
        ("noise", c_double),
        ("looks", c_double),
        ("pairs", c_int64),
    ]


class pdx_import_options(Struct):
    size: int
    seed: int
    overwrite: int
    answers: bytes | None
    questions: bytes | None
    hooks: pdx_hooks
    baseline: bytes | None
    _fields_ = [
        ("size", c_uint32),
        ("seed", c_uint64),
        ("overwrite", c_int32),
        ("answers", c_char_p),
        ("questions", c_char_p),
        ("hooks", pdx_hooks),
        ("baseline", c_char_p),
    ]


class pdx_import_result(Struct):
    pairs: int
    judgments: int
    left_out: int
    _fields_ = [
        ("pairs", c_int64),
        ("judgments", c_int64),
        ("left_out", c_int64),
    ]


class pdx_judgment(Struct):
    pair: int
    judge: int
    order: int
    winner: int
    repeat: int
    logp_first: float
    logp_second: float
    coverage: float
    prob_a: float
    margin: float
    weight: float
    offset: float
    _fields_ = [
        ("pair", c_int64),
        ("judge", c_int32),
        ("order", c_int32),
        ("winner", c_int32),
        ("repeat", c_int32),
        ("logp_first", c_double),
        ("logp_second", c_double),
        ("coverage", c_double),
        ("prob_a", c_double),
        ("margin", c_double),
        ("weight", c_double),
        ("offset", c_double),
    ]


class pdx_judgments_options(Struct):
    size: int
    judge_by: bytes | None
    where: bytes | None
    skip_unknown: int
    hooks: pdx_hooks
    _fields_ = [
        ("size", c_uint32),
        ("judge_by", c_char_p),
        ("where", c_char_p),
        ("skip_unknown", c_int32),
        ("hooks", pdx_hooks),
    ]


class pdx_judge_rates(Struct):
    judgments: int
    no_verdict: int
    ties: int
    ordered: int
    p_first: float
    both_orders: int
    consistent: float
    flip_to_first: float
    _fields_ = [
        ("judgments", c_int64),
        ("no_verdict", c_int64),
        ("ties", c_int64),
        ("ordered", c_int64),
        ("p_first", c_double),
        ("both_orders", c_int64),
        ("consistent", c_double),
        ("flip_to_first", c_double),
    ]


class pdx_http_options(Struct):
    size: int
    url: bytes | None
    model: bytes | None
    key_env: bytes | None
    proxy: bytes | None
    ca_file: bytes | None
    prices: bytes | None
    journal: bytes | None
    offline: int
    insecure: int
    concurrency: int
    retries: int
    requests_per_minute: float
    tokens_per_minute: float
    connect_seconds: float
    idle_seconds: float
    total_seconds: float
    max_usd: float
    max_tokens: int
    max_response_bytes: int
    seed: int
    key: bytes | None
    key_header: bytes | None
    _fields_ = [
        ("size", c_uint32),
        ("url", c_char_p),
        ("model", c_char_p),
        ("key_env", c_char_p),
        ("proxy", c_char_p),
        ("ca_file", c_char_p),
        ("prices", c_char_p),
        ("journal", c_char_p),
        ("offline", c_int32),
        ("insecure", c_int32),
        ("concurrency", c_int32),
        ("retries", c_int32),
        ("requests_per_minute", c_double),
        ("tokens_per_minute", c_double),
        ("connect_seconds", c_double),
        ("idle_seconds", c_double),
        ("total_seconds", c_double),
        ("max_usd", c_double),
        ("max_tokens", c_int64),
        ("max_response_bytes", c_int64),
        ("seed", c_uint64),
        ("key", c_char_p),
        ("key_header", c_char_p),
    ]


class pdx_http_totals(Struct):
    answered: int
    from_journal: int
    failed: int
    attempts: int
    input_tokens: int
    output_tokens: int
    usd: float
    _fields_ = [
        ("answered", c_int64),
        ("from_journal", c_int64),
        ("failed", c_int64),
        ("attempts", c_int64),
        ("input_tokens", c_int64),
        ("output_tokens", c_int64),
        ("usd", c_double),
    ]


class pdx_annotator_options(Struct):
    size: int
    schema: Any
    prompts: bytes | None
    stages: bytes | None
    body: bytes | None
    single: int
    show: int
    repeats: int
    structured: int
    corrections: int
    reasoning: int
    temperature: float
    max_tokens: int
    seed: int
    _fields_ = [
        ("size", c_uint32),
        ("schema", POINTER(pdx_schema)),
        ("prompts", c_char_p),
        ("stages", c_char_p),
        ("body", c_char_p),
        ("single", c_int32),
        ("show", c_int32),
        ("repeats", c_int32),
        ("structured", c_int32),
        ("corrections", c_int32),
        ("reasoning", c_int32),
        ("temperature", c_double),
        ("max_tokens", c_int64),
        ("seed", c_uint64),
    ]


class pdx_annotate_options(Struct):
    size: int
    only_failed: int
    limit: int
    hooks: pdx_hooks
    _fields_ = [
        ("size", c_uint32),
        ("only_failed", c_int32),
        ("limit", c_int64),
        ("hooks", pdx_hooks),
    ]


class pdx_annotate_result(Struct):
    pairs: int
    rows: int
    kept: int
    failed: int
    refused: int
    unusable: int
    corrections: int
    requests: int
    from_journal: int
    input_tokens: int
    output_tokens: int
    usd: float
    seconds: float
    structured: int
    _fields_ = [
        ("pairs", c_int64),
        ("rows", c_int64),
        ("kept", c_int64),
        ("failed", c_int64),
        ("refused", c_int64),
        ("unusable", c_int64),
        ("corrections", c_int64),
        ("requests", c_int64),
        ("from_journal", c_int64),
        ("input_tokens", c_int64),
        ("output_tokens", c_int64),
        ("usd", c_double),
        ("seconds", c_double),
        ("structured", c_int32),
    ]


class pdx_annotate_batch(Struct):
    requests: int
    answered: int
    dependent: int
    tokens: int
    usd: float
    usd_most: float
    _fields_ = [
        ("requests", c_int64),
        ("answered", c_int64),
        ("dependent", c_int64),
        ("tokens", c_int64),
        ("usd", c_double),
        ("usd_most", c_double),
    ]


class pdx_annotate_stage(Struct):
    name: bytes | None
    rows: int
    failed: int
    refused: int
    not_applicable: int
    corrected: int
    input_tokens: int
    output_tokens: int
    usd: float
    _fields_ = [
        ("name", c_char_p),
        ("rows", c_int64),
        ("failed", c_int64),
        ("refused", c_int64),
        ("not_applicable", c_int64),
        ("corrected", c_int64),
        ("input_tokens", c_int64),
        ("output_tokens", c_int64),
        ("usd", c_double),
    ]


class pdx_local_options(Struct):
    size: int
    backend: bytes | None
    prompt: bytes | None
    label_first: bytes | None
    label_second: bytes | None
    too_long: int
    context: int
    batch_tokens: int
    memory_bytes: int
    threads: int
    device: int
    _fields_ = [
        ("size", c_uint32),
        ("backend", c_char_p),
        ("prompt", c_char_p),
        ("label_first", c_char_p),
        ("label_second", c_char_p),
        ("too_long", c_int32),
        ("context", c_int32),
        ("batch_tokens", c_int32),
        ("memory_bytes", c_int64),
        ("threads", c_int32),
        ("device", c_int32),
    ]


class pdx_http_judge_options(Struct):
    size: int
    prompt: bytes | None
    label_first: bytes | None
    label_second: bytes | None
    label_tie: bytes | None
    pattern: bytes | None
    label_ids: bytes | None
    kind: int
    top_logprobs: int
    samples: int
    reasoning: int
    temperature: float
    max_tokens: int
    seed: int
    _fields_ = [
        ("size", c_uint32),
        ("prompt", c_char_p),
        ("label_first", c_char_p),
        ("label_second", c_char_p),
        ("label_tie", c_char_p),
        ("pattern", c_char_p),
        ("label_ids", c_char_p),
        ("kind", c_int32),
        ("top_logprobs", c_int32),
        ("samples", c_int32),
        ("reasoning", c_int32),
        ("temperature", c_double),
        ("max_tokens", c_int64),
        ("seed", c_uint64),
    ]


class pdx_judge_options(Struct):
    size: int
    name: bytes | None
    orders: int
    limit: int
    hooks: pdx_hooks
    allow_missing: int
    _fields_ = [
        ("size", c_uint32),
        ("name", c_char_p),
        ("orders", c_int32),
        ("limit", c_int64),
        ("hooks", pdx_hooks),
        ("allow_missing", c_int32),
    ]


class pdx_judge_result(Struct):
    pairs: int
    resumed: int
    judgments: int
    truncated: int
    tokens: int
    computed: int
    seconds: float
    p_first: float
    coverage: float
    no_verdict: int
    failed: int
    refused: int
    both_orders: int
    consistent: float
    flip_to_first: float
    output_tokens: int
    requests: int
    usd: float
    _fields_ = [
        ("pairs", c_int64),
        ("resumed", c_int64),
        ("judgments", c_int64),
        ("truncated", c_int64),
        ("tokens", c_int64),
        ("computed", c_int64),
        ("seconds", c_double),
        ("p_first", c_double),
        ("coverage", c_double),
        ("no_verdict", c_int64),
        ("failed", c_int64),
        ("refused", c_int64),
        ("both_orders", c_int64),
        ("consistent", c_double),
        ("flip_to_first", c_double),
        ("output_tokens", c_int64),
        ("requests", c_int64),
        ("usd", c_double),
    ]


class pdx_batch_result(Struct):
    requests: int
    answered: int
    tokens: int
    usd: float
    _fields_ = [
        ("requests", c_int64),
        ("answered", c_int64),
        ("tokens", c_int64),
        ("usd", c_double),
    ]


class pdx_fit_options(Struct):
    size: int
    label: int
    ties: int
    prior: int
    prior_scale: float
    prior_scales: Any
    intercept: int
    intercept_scale: float
    position: int
    position_scale: float
    order_weight: float
    folds: int
    paper_folds: int
    predict: int
    method: int
    certificate: int
    draws: int
    nuts_chains: int
    nuts_warmup: int
    nuts_draws: int
    seed: int
    threads: int
    quantile_probs: Any
    quantile_count: int
    covariance: int
    hooks: pdx_hooks
    judges: Any
    judge_count: int
    pool: int
    imputations: int
    tau_scale: float
    pool_over: int
    overlap: int
    group_weights: Any
    pool_compare: int
    _fields_ = [
        ("size", c_uint32),
        ("label", c_int32),
        ("ties", c_int32),
        ("prior", c_int32),
        ("prior_scale", c_double),
        ("prior_scales", POINTER(c_double)),
        ("intercept", c_int32),
        ("intercept_scale", c_double),
        ("position", c_int32),
        ("position_scale", c_double),
        ("order_weight", c_double),
        ("folds", c_int32),
        ("paper_folds", c_int32),
        ("predict", c_int32),
        ("method", c_int32),
        ("certificate", c_int32),
        ("draws", c_int64),
        ("nuts_chains", c_int32),
        ("nuts_warmup", c_int32),
        ("nuts_draws", c_int32),
        ("seed", c_uint64),
        ("threads", c_int32),
        ("quantile_probs", POINTER(c_double)),
        ("quantile_count", c_int32),
        ("covariance", c_int32),
        ("hooks", pdx_hooks),
        ("judges", POINTER(c_char_p)),
        ("judge_count", c_int32),
        ("pool", c_int32),
        ("imputations", c_int32),
        ("tau_scale", c_double),
        ("pool_over", c_int32),
        ("overlap", c_int32),
        ("group_weights", POINTER(c_double)),
        ("pool_compare", c_int32),
    ]


class pdx_rows(Struct):
    size: int
    d: int
    n: int
    x: Any
    x_int8: Any
    y: Any
    margin: Any
    weight: Any
    offset: Any
    names: Any
    _fields_ = [
        ("size", c_uint32),
        ("d", c_int32),
        ("n", c_int64),
        ("x", POINTER(c_double)),
        ("x_int8", POINTER(c_int8)),
        ("y", POINTER(c_double)),
        ("margin", POINTER(c_double)),
        ("weight", POINTER(c_double)),
        ("offset", POINTER(c_double)),
        ("names", POINTER(c_char_p)),
    ]


class pdx_certificate(Struct):
    checked: int
    ok: int
    method: int
    ep_sweeps: int
    ep_converged: int
    draws: int
    ess_fraction: float
    sd_log_weight: float
    khat: float
    delta: float
    delta_se: float
    rhat: float
    nuts_ess: float
    divergences: int
    mean_se: float
    _fields_ = [
        ("checked", c_int32),
        ("ok", c_int32),
        ("method", c_int32),
        ("ep_sweeps", c_int32),
        ("ep_converged", c_int32),
        ("draws", c_int64),
        ("ess_fraction", c_double),
        ("sd_log_weight", c_double),
        ("khat", c_double),
        ("delta", c_double),
        ("delta_se", c_double),
        ("rhat", c_double),
        ("nuts_ess", c_double),
        ("divergences", c_int64),
        ("mean_se", c_double),
    ]


class pdx_position(Struct):
    known: int
    mean: float
    sd: float
    prob_positive: float
    p_first: float
    p_first_low: float
    p_first_high: float
    _fields_ = [
        ("known", c_int32),
        ("mean", c_double),
        ("sd", c_double),
        ("prob_positive", c_double),
        ("p_first", c_double),
        ("p_first_low", c_double),
        ("p_first_high", c_double),
    ]


class pdx_prediction(Struct):
    folds: int
    n: int
    accuracy: float
    log_loss: float
    auc: float
    baseline_majority: float
    baseline_length: float
    _fields_ = [
        ("folds", c_int32),
        ("n", c_int64),
        ("accuracy", c_double),
        ("log_loss", c_double),
        ("auc", c_double),
        ("baseline_majority", c_double),
        ("baseline_length", c_double),
    ]


class pdx_margin(Struct):
    known: int
    scale_mean: float
    scale_sd: float
    auc_margin: float
    auc_sign: float
    reliability_margin: float
    reliability_sign: float
    _fields_ = [
        ("known", c_int32),
        ("scale_mean", c_double),
        ("scale_sd", c_double),
        ("auc_margin", c_double),
        ("auc_sign", c_double),
        ("reliability_margin", c_double),
        ("reliability_sign", c_double),
    ]


class pdx_cut(Struct):
    known: int
    model: int
    mean: float
    sd: float
    low: float
    high: float
    p_tie: float
    p_tie_low: float
    p_tie_high: float
    logit_mean: float
    logit_sd: float
    accuracy: float
    log_loss: float
    share_log_loss: float
    _fields_ = [
        ("known", c_int32),
        ("model", c_int32),
        ("mean", c_double),
        ("sd", c_double),
        ("low", c_double),
        ("high", c_double),
        ("p_tie", c_double),
        ("p_tie_low", c_double),
        ("p_tie_high", c_double),
        ("logit_mean", c_double),
        ("logit_sd", c_double),
        ("accuracy", c_double),
        ("log_loss", c_double),
        ("share_log_loss", c_double),
    ]


class pdx_noise(Struct):
    known: int
    alpha: float
    alpha_low: float
    alpha_high: float
    noise: float
    looks: float
    plain_mean: float
    plain_sd: float
    wider: float
    simex: float
    pulled: float
    _fields_ = [
        ("known", c_int32),
        ("alpha", c_double),
        ("alpha_low", c_double),
        ("alpha_high", c_double),
        ("noise", c_double),
        ("looks", c_double),
        ("plain_mean", c_double),
        ("plain_sd", c_double),
        ("wider", c_double),
        ("simex", c_double),
        ("pulled", c_double),
    ]


class pdx_contrast(Struct):
    mean: float
    sd: float
    low: float
    high: float
    prob_greater: float
    discovery: int
    _fields_ = [
        ("mean", c_double),
        ("sd", c_double),
        ("low", c_double),
        ("high", c_double),
        ("prob_greater", c_double),
        ("discovery", c_int32),
    ]


class pdx_tau(Struct):
    mean: float
    sd: float
    low: float
    high: float
    scale: float
    _fields_ = [
        ("mean", c_double),
        ("sd", c_double),
        ("low", c_double),
        ("high", c_double),
        ("scale", c_double),
    ]


class pdx_pooling(Struct):
    folds: int
    n: int
    log_loss_none: float
    log_loss_complete: float
    log_loss_partial: float
    accuracy_none: float
    accuracy_complete: float
    accuracy_partial: float
    _fields_ = [
        ("folds", c_int32),
        ("n", c_int64),
        ("log_loss_none", c_double),
        ("log_loss_complete", c_double),
        ("log_loss_partial", c_double),
        ("accuracy_none", c_double),
        ("accuracy_complete", c_double),
        ("accuracy_partial", c_double),
    ]


pdx_columns_sums_fn = CFUNCTYPE(c_int32, c_void_p, POINTER(c_double), c_int64, POINTER(c_double), c_int64)


class pdx_columns_options(Struct):
    size: int
    memory_bytes: int
    sums: Any
    sums_user: Any
    _fields_ = [
        ("size", c_uint32),
        ("memory_bytes", c_int64),
        ("sums", pdx_columns_sums_fn),
        ("sums_user", c_void_p),
    ]


class pdx_rate(Struct):
    value: float
    low: float
    high: float
    n: int
    _fields_ = [
        ("value", c_double),
        ("low", c_double),
        ("high", c_double),
        ("n", c_int64),
    ]


class pdx_similarity_options(Struct):
    size: int
    draws: int
    seed: int
    threads: int
    judges: Any
    judge_count: int
    scenarios: Any
    scenario_count: int
    hooks: pdx_hooks
    _fields_ = [
        ("size", c_uint32),
        ("draws", c_int64),
        ("seed", c_uint64),
        ("threads", c_int32),
        ("judges", POINTER(c_char_p)),
        ("judge_count", c_int32),
        ("scenarios", POINTER(c_char_p)),
        ("scenario_count", c_int32),
        ("hooks", pdx_hooks),
    ]


class pdx_merge(Struct):
    left: int
    right: int
    count: int
    height: float
    _fields_ = [
        ("left", c_int32),
        ("right", c_int32),
        ("count", c_int32),
        ("height", c_double),
    ]


class pdx_agreement(Struct):
    pairs: int
    decided: int
    raw: pdx_rate
    raw_decided: pdx_rate
    kappa: pdx_rate
    alpha: pdx_rate
    _fields_ = [
        ("pairs", c_int64),
        ("decided", c_int64),
        ("raw", pdx_rate),
        ("raw_decided", pdx_rate),
        ("kappa", pdx_rate),
        ("alpha", pdx_rate),
    ]


class pdx_consistency(Struct):
    first: pdx_rate
    consistent: pdx_rate
    flip: pdx_rate
    flip_to_first: pdx_rate
    _fields_ = [
        ("first", pdx_rate),
        ("consistent", pdx_rate),
        ("flip", pdx_rate),
        ("flip_to_first", pdx_rate),
    ]


class pdx_effect(Struct):
    wins: pdx_rate
    differs: float
    alone: float
    alone_low: float
    alone_high: float
    joint: float
    joint_low: float
    joint_high: float
    inflation: float
    partner: int
    partner_correlation: float
    parted: int
    _fields_ = [
        ("wins", pdx_rate),
        ("differs", c_double),
        ("alone", c_double),
        ("alone_low", c_double),
        ("alone_high", c_double),
        ("joint", c_double),
        ("joint_low", c_double),
        ("joint_high", c_double),
        ("inflation", c_double),
        ("partner", c_int32),
        ("partner_correlation", c_double),
        ("parted", c_int32),
    ]


class pdx_surprise(Struct):
    pair: int
    order: int
    y: float
    probability: float
    log_score: float
    _fields_ = [
        ("pair", c_int64),
        ("order", c_int32),
        ("y", c_double),
        ("probability", c_double),
        ("log_score", c_double),
    ]


class pdx_attribution(Struct):
    x: float
    log_odds: float
    log_odds_low: float
    log_odds_high: float
    share: float
    share_low: float
    share_high: float
    _fields_ = [
        ("x", c_double),
        ("log_odds", c_double),
        ("log_odds_low", c_double),
        ("log_odds_high", c_double),
        ("share", c_double),
        ("share_low", c_double),
        ("share_high", c_double),
    ]


class pdx_explanation(Struct):
    start: float
    log_odds: float
    probability: float
    probability_low: float
    probability_high: float
    _fields_ = [
        ("start", c_double),
        ("log_odds", c_double),
        ("probability", c_double),
        ("probability_low", c_double),
        ("probability_high", c_double),
    ]


class pdx_explain_options(Struct):
    size: int
    order: int
    draws: int
    seed: int
    _fields_ = [
        ("size", c_uint32),
        ("order", c_int32),
        ("draws", c_int64),
        ("seed", c_uint64),
    ]


class pdx_rating_options(Struct):
    size: int
    judge: bytes | None
    group: bytes | None
    model_a: bytes | None
    model_b: bytes | None
    model_scale: float
    prior_scale: float
    position_scale: float
    ties: int
    draws: int
    seed: int
    threads: int
    hooks: pdx_hooks
    _fields_ = [
        ("size", c_uint32),
        ("judge", c_char_p),
        ("group", c_char_p),
        ("model_a", c_char_p),
        ("model_b", c_char_p),
        ("model_scale", c_double),
        ("prior_scale", c_double),
        ("position_scale", c_double),
        ("ties", c_int32),
        ("draws", c_int64),
        ("seed", c_uint64),
        ("threads", c_int32),
        ("hooks", pdx_hooks),
    ]


class pdx_model_rating(Struct):
    name: bytes | None
    pairs: int
    wins: float
    strength: float
    low: float
    high: float
    plain: float
    plain_low: float
    plain_high: float
    rank_low: float
    rank_high: float
    prob_best: float
    _fields_ = [
        ("name", c_char_p),
        ("pairs", c_int64),
        ("wins", c_double),
        ("strength", c_double),
        ("low", c_double),
        ("high", c_double),
        ("plain", c_double),
        ("plain_low", c_double),
        ("plain_high", c_double),
        ("rank_low", c_double),
        ("rank_high", c_double),
        ("prob_best", c_double),
    ]


class pdx_power_options(Struct):
    size: int
    effect: float
    differs: float
    background: float
    shared: float
    power: float
    level: float
    prior_scale: float
    seed: int
    threads: int
    hooks: pdx_hooks
    _fields_ = [
        ("size", c_uint32),
        ("effect", c_double),
        ("differs", c_double),
        ("background", c_double),
        ("shared", c_double),
        ("power", c_double),
        ("level", c_double),
        ("prior_scale", c_double),
        ("seed", c_uint64),
        ("threads", c_int32),
        ("hooks", pdx_hooks),
    ]


class pdx_edit(Struct):
    name: bytes | None
    what: bytes | None
    content: int
    _fields_ = [
        ("name", c_char_p),
        ("what", c_char_p),
        ("content", c_int32),
    ]


class pdx_probe_write_options(Struct):
    size: int
    edits: Any
    edit_count: int
    side: int
    limit: int
    texts: bytes | None
    seed: int
    hooks: pdx_hooks
    _fields_ = [
        ("size", c_uint32),
        ("edits", POINTER(c_char_p)),
        ("edit_count", c_int32),
        ("side", c_int32),
        ("limit", c_int64),
        ("texts", c_char_p),
        ("seed", c_uint64),
        ("hooks", pdx_hooks),
    ]


class pdx_probe_counts(Struct):
    originals: int
    edited: int
    unchanged: int
    empty: int
    _fields_ = [
        ("originals", c_int64),
        ("edited", c_int64),
        ("unchanged", c_int64),
        ("empty", c_int64),
    ]


class pdx_estimate(Struct):
    value: float
    low: float
    high: float
    _fields_ = [
        ("value", c_double),
        ("low", c_double),
        ("high", c_double),
    ]


class pdx_probe_options(Struct):
    size: int
    cluster_by: bytes | None
    group: bytes | None
    draws: int
    seed: int
    _fields_ = [
        ("size", c_uint32),
        ("cluster_by", c_char_p),
        ("group", c_char_p),
        ("draws", c_int64),
        ("seed", c_uint64),
    ]


class pdx_probe_effect(Struct):
    name: bytes | None
    content: int
    verdict: int
    pairs: int
    queries: int
    unjudged: int
    untouched: int
    measured: pdx_estimate
    predicted: pdx_estimate
    gap: pdx_estimate
    own: pdx_estimate
    wins: pdx_estimate
    wins_predicted: pdx_estimate
    turned: pdx_rate
    _fields_ = [
        ("name", c_char_p),
        ("content", c_int32),
        ("verdict", c_int32),
        ("pairs", c_int64),
        ("queries", c_int64),
        ("unjudged", c_int64),
        ("untouched", c_int64),
        ("measured", pdx_estimate),
        ("predicted", pdx_estimate),
        ("gap", pdx_estimate),
        ("own", pdx_estimate),
        ("wins", pdx_estimate),
        ("wins_predicted", pdx_estimate),
        ("turned", pdx_rate),
    ]


class pdx_probe_calibration(Struct):
    edits: int
    slope: pdx_estimate
    prob_positive: float
    spread: pdx_estimate
    scale: float
    _fields_ = [
        ("edits", c_int32),
        ("slope", pdx_estimate),
        ("prob_positive", c_double),
        ("spread", pdx_estimate),
        ("scale", c_double),
    ]


class pdx_probe_weight(Struct):
    column: bytes | None
    verdict: int
    edits: int
    fitted: float
    fitted_prob_positive: float
    caused: pdx_estimate
    caused_prob_positive: float
    _fields_ = [
        ("column", c_char_p),
        ("verdict", c_int32),
        ("edits", c_int32),
        ("fitted", c_double),
        ("fitted_prob_positive", c_double),
        ("caused", pdx_estimate),
        ("caused_prob_positive", c_double),
    ]


class pdx_probe_summary(Struct):
    originals: int
    orphans: int
    turned: pdx_rate
    constant_wins: pdx_rate
    same_first: pdx_rate
    same_log_odds: pdx_estimate
    fitted_position: pdx_position
    _fields_ = [
        ("originals", c_int64),
        ("orphans", c_int64),
        ("turned", pdx_rate),
        ("constant_wins", pdx_rate),
        ("same_first", pdx_rate),
        ("same_log_odds", pdx_estimate),
        ("fitted_position", pdx_position),
    ]


class pdx_length_control(Struct):
    n: int
    raw: pdx_estimate
    controlled: pdx_estimate
    weight_length: float
    weight_model: float
    weight_difficulty: float
    strength: float
    _fields_ = [
        ("n", c_int64),
        ("raw", pdx_estimate),
        ("controlled", pdx_estimate),
        ("weight_length", c_double),
        ("weight_model", c_double),
        ("weight_difficulty", c_double),
        ("strength", c_double),
    ]


class pdx_arms_options(Struct):
    size: int
    judge: bytes | None
    top: int
    seed: int
    _fields_ = [
        ("size", c_uint32),
        ("judge", c_char_p),
        ("top", c_int32),
        ("seed", c_uint64),
    ]


class pdx_generate_options(Struct):
    size: int
    temperature: float
    max_tokens: int
    limit: int
    group_by: bytes | None
    seed: int
    reasoning: int
    hooks: pdx_hooks
    _fields_ = [
        ("size", c_uint32),
        ("temperature", c_double),
        ("max_tokens", c_int64),
        ("limit", c_int64),
        ("group_by", c_char_p),
        ("seed", c_uint64),
        ("reasoning", c_int32),
        ("hooks", pdx_hooks),
    ]


class pdx_generate_result(Struct):
    queries: int
    answers: int
    resumed: int
    empty: int
    failed: int
    ungraded: int
    input_tokens: int
    output_tokens: int
    usd: float
    _fields_ = [
        ("queries", c_int64),
        ("answers", c_int64),
        ("resumed", c_int64),
        ("empty", c_int64),
        ("failed", c_int64),
        ("ungraded", c_int64),
        ("input_tokens", c_int64),
        ("output_tokens", c_int64),
        ("usd", c_double),
    ]


class pdx_outputs_counts(Struct):
    pairs: int
    missing: int
    foreign: int
    empty: int
    _fields_ = [
        ("pairs", c_int64),
        ("missing", c_int64),
        ("foreign", c_int64),
        ("empty", c_int64),
    ]


class pdx_shift_options(Struct):
    size: int
    judge: bytes | None
    plain: bytes | None
    grades: bytes | None
    draws: int
    seed: int
    hooks: pdx_hooks
    _fields_ = [
        ("size", c_uint32),
        ("judge", c_char_p),
        ("plain", c_char_p),
        ("grades", c_char_p),
        ("draws", c_int64),
        ("seed", c_uint64),
        ("hooks", pdx_hooks),
    ]


class pdx_shift_numbers(Struct):
    wins: pdx_estimate
    controlled: pdx_estimate
    predicted: pdx_estimate
    predicted_length: pdx_estimate
    grade: pdx_estimate
    _fields_ = [
        ("wins", pdx_estimate),
        ("controlled", pdx_estimate),
        ("predicted", pdx_estimate),
        ("predicted_length", pdx_estimate),
        ("grade", pdx_estimate),
    ]


class pdx_shift_row(Struct):
    arm: bytes | None
    against: bytes | None
    group: bytes | None
    pairs: int
    unjudged: int
    graded: int
    length: float
    numbers: pdx_shift_numbers
    length_share: float
    _fields_ = [
        ("arm", c_char_p),
        ("against", c_char_p),
        ("group", c_char_p),
        ("pairs", c_int64),
        ("unjudged", c_int64),
        ("graded", c_int64),
        ("length", c_double),
        ("numbers", pdx_shift_numbers),
        ("length_share", c_double),
    ]


class pdx_export_counts(Struct):
    rows: int
    no_verdict: int
    left_out: int
    _fields_ = [
        ("rows", c_int64),
        ("no_verdict", c_int64),
        ("left_out", c_int64),
    ]


class pdx_simulate_options(Struct):
    size: int
    pairs: int
    scenarios: int
    factors: int
    zeros: float
    prior_scale: float
    scenario_sd: float
    judges: int
    ties: float
    repeats: int
    schema: Any
    seed: int
    hooks: pdx_hooks
    tie_model: int
    _fields_ = [
        ("size", c_uint32),
        ("pairs", c_int64),
        ("scenarios", c_int32),
        ("factors", c_int32),
        ("zeros", c_double),
        ("prior_scale", c_double),
        ("scenario_sd", c_double),
        ("judges", c_int32),
        ("ties", c_double),
        ("repeats", c_int32),
        ("schema", POINTER(pdx_schema)),
        ("seed", c_uint64),
        ("hooks", pdx_hooks),
        ("tie_model", c_int32),
    ]


class pdx_calibration_points(Struct):
    size: int
    count: int
    names: Any
    predicted: Any
    predicted_low: Any
    predicted_high: Any
    measured: Any
    measured_low: Any
    measured_high: Any
    none: float
    unit: bytes | None
    _fields_ = [
        ("size", c_uint32),
        ("count", c_int32),
        ("names", POINTER(c_char_p)),
        ("predicted", POINTER(c_double)),
        ("predicted_low", POINTER(c_double)),
        ("predicted_high", POINTER(c_double)),
        ("measured", POINTER(c_double)),
        ("measured_low", POINTER(c_double)),
        ("measured_high", POINTER(c_double)),
        ("none", c_double),
        ("unit", c_char_p),
    ]


class pdx_report_options(Struct):
    size: int
    title: bytes | None
    max_bytes: int
    pairs_shown: int
    text_chars: int
    draws: int
    truth: Any
    seed: int
    threads: int
    hooks: pdx_hooks
    _fields_ = [
        ("size", c_uint32),
        ("title", c_char_p),
        ("max_bytes", c_int64),
        ("pairs_shown", c_int64),
        ("text_chars", c_int64),
        ("draws", c_int64),
        ("truth", POINTER(pdx_study)),
        ("seed", c_uint64),
        ("threads", c_int32),
        ("hooks", pdx_hooks),
    ]


# Name of a function: what it returns, what it takes.
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "pdx_status_name": (c_char_p, [c_int32]),
    "pdx_error_message": (c_char_p, []),
    "pdx_version_string": (c_char_p, []),
    "pdx_version_number": (c_int32, []),
    "pdx_schema_builtin": (c_int32, [POINTER(POINTER(pdx_schema)), c_char_p]),
    "pdx_schema_load": (c_int32, [POINTER(POINTER(pdx_schema)), c_char_p]),
    "pdx_schema_save": (c_int32, [POINTER(pdx_schema), c_char_p]),
    "pdx_schema_from_names": (c_int32, [POINTER(POINTER(pdx_schema)), POINTER(c_char_p), c_int32]),
    "pdx_schema_free": (None, [POINTER(pdx_schema)]),
    "pdx_schema_count": (c_int32, [POINTER(pdx_schema)]),
    "pdx_schema_name": (c_char_p, [POINTER(pdx_schema)]),
    "pdx_schema_property": (POINTER(pdx_property), [POINTER(pdx_schema), c_int32]),
    "pdx_schema_find": (c_int32, [POINTER(pdx_schema), c_char_p]),
    "pdx_property_compare": (c_int32, [POINTER(pdx_property), c_double, c_double]),
    "pdx_dataset_options_init": (None, [POINTER(pdx_dataset_options), c_uint32]),
    "pdx_dataset_load": (
        c_int32,
        [
            POINTER(POINTER(pdx_dataset)),
            POINTER(pdx_dataset_files),
            POINTER(pdx_dataset_options),
        ],
    ),
    "pdx_dataset_from_arrays": (
        c_int32,
        [
            POINTER(POINTER(pdx_dataset)),
            POINTER(pdx_schema),
            c_int64,
            POINTER(c_double),
            POINTER(c_char_p),
            POINTER(c_char_p),
        ],
    ),
    "pdx_dataset_from_int8": (
        c_int32,
        [
            POINTER(POINTER(pdx_dataset)),
            POINTER(pdx_schema),
            c_int64,
            POINTER(c_int8),
            POINTER(c_char_p),
            POINTER(c_char_p),
        ],
    ),
    "pdx_dataset_free": (None, [POINTER(pdx_dataset)]),
    "pdx_dataset_count": (c_int64, [POINTER(pdx_dataset)]),
    "pdx_dataset_schema": (POINTER(pdx_schema), [POINTER(pdx_dataset)]),
    "pdx_dataset_id": (c_char_p, [POINTER(pdx_dataset), c_int64]),
    "pdx_dataset_find": (c_int64, [POINTER(pdx_dataset), c_char_p]),
    "pdx_dataset_row": (c_int32, [POINTER(pdx_dataset), c_int64, POINTER(c_double)]),
    "pdx_dataset_column": (c_int32, [POINTER(pdx_dataset), c_int32, POINTER(c_double)]),
    "pdx_dataset_noise": (c_int32, [POINTER(pdx_dataset), c_int32, POINTER(c_double)]),
    "pdx_dataset_repeats": (
        c_int32,
        [
            POINTER(pdx_dataset),
            c_int64,
            c_int32,
            POINTER(pdx_repeats),
        ],
    ),
    "pdx_dataset_reliability": (c_int32, [POINTER(pdx_dataset), c_int32, POINTER(pdx_reliability)]),
    "pdx_dataset_view": (
        c_int32,
        [
            POINTER(pdx_dataset),
            c_int32,
            POINTER(POINTER(c_int8)),
            POINTER(POINTER(c_double)),
        ],
    ),
    "pdx_dataset_add_group": (c_int32, [POINTER(pdx_dataset), c_char_p, POINTER(c_int64), c_int64]),
    "pdx_dataset_group_count": (c_int32, [POINTER(pdx_dataset)]),
    "pdx_dataset_group_name": (c_char_p, [POINTER(pdx_dataset), c_int32]),
    "pdx_dataset_group_size": (c_int64, [POINTER(pdx_dataset), c_int32]),
    "pdx_dataset_group_pairs": (c_int32, [POINTER(pdx_dataset), c_int32, POINTER(c_int64)]),
    "pdx_dataset_text": (c_int32, [POINTER(pdx_dataset), c_int64, c_char_p, POINTER(c_char_p)]),
    "pdx_dataset_left_out": (c_int32, [POINTER(pdx_dataset)]),
    "pdx_dataset_left_out_reason": (c_char_p, [POINTER(pdx_dataset), c_int32, POINTER(c_int64)]),
    "pdx_dataset_sha256": (c_char_p, [POINTER(pdx_dataset)]),
    "pdx_dataset_save_features": (c_int32, [POINTER(pdx_dataset), c_char_p]),
    "pdx_surface_measure": (c_int32, [c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_double)]),
    "pdx_import_options_init": (None, [POINTER(pdx_import_options), c_uint32]),
    "pdx_import": (
        c_int32,
        [
            POINTER(pdx_import_result),
            c_char_p,
            POINTER(c_char_p),
            c_int32,
            c_char_p,
            POINTER(pdx_import_options),
        ],
    ),
    "pdx_import_format": (c_char_p, [c_int32, POINTER(c_char_p)]),
    "pdx_judgments_options_init": (None, [POINTER(pdx_judgments_options), c_uint32]),
    "pdx_judgments_create": (c_int32, [POINTER(POINTER(pdx_judgments))]),
    "pdx_judgments_load": (
        c_int32,
        [
            POINTER(POINTER(pdx_judgments)),
            POINTER(pdx_dataset),
            POINTER(c_char_p),
            c_int32,
            POINTER(pdx_judgments_options),
        ],
    ),
    "pdx_judgments_load_labels": (
        c_int32,
        [
            POINTER(POINTER(pdx_judgments)),
            POINTER(pdx_dataset),
            c_char_p,
            c_char_p,
        ],
    ),
    "pdx_table_load": (
        c_int32,
        [
            POINTER(POINTER(pdx_dataset)),
            POINTER(POINTER(pdx_judgments)),
            c_char_p,
            POINTER(pdx_hooks),
        ],
    ),
    "pdx_judgments_free": (None, [POINTER(pdx_judgments)]),
    "pdx_judgments_append": (c_int32, [POINTER(pdx_judgments), c_char_p, POINTER(pdx_judgment)]),
    "pdx_judgments_append_all": (
        c_int32,
        [
            POINTER(pdx_judgments),
            c_char_p,
            POINTER(pdx_judgment),
            c_int64,
        ],
    ),
    "pdx_judgment_init": (None, [POINTER(pdx_judgment)]),
    "pdx_judgments_save": (c_int32, [POINTER(pdx_judgments), POINTER(pdx_dataset), c_char_p]),
    "pdx_judgments_count": (c_int64, [POINTER(pdx_judgments)]),
    "pdx_judgments_judge_count": (c_int32, [POINTER(pdx_judgments)]),
    "pdx_judgments_judge_name": (c_char_p, [POINTER(pdx_judgments), c_int32]),
    "pdx_judgments_find_judge": (c_int32, [POINTER(pdx_judgments), c_char_p]),
    "pdx_judgments_get": (c_int32, [POINTER(pdx_judgments), c_int64, POINTER(pdx_judgment)]),
    "pdx_judgments_read": (
        c_int32,
        [
            POINTER(pdx_judgments),
            c_int64,
            c_int64,
            POINTER(pdx_judgment),
        ],
    ),
    "pdx_judgments_rates": (
        c_int32,
        [
            POINTER(pdx_judgments),
            POINTER(pdx_dataset),
            c_int32,
            c_int32,
            POINTER(pdx_judge_rates),
        ],
    ),
    "pdx_http_options_init": (None, [POINTER(pdx_http_options), c_uint32]),
    "pdx_annotator_options_init": (None, [POINTER(pdx_annotator_options), c_uint32]),
    "pdx_annotator_open": (
        c_int32,
        [
            POINTER(POINTER(pdx_annotator)),
            POINTER(pdx_http_options),
            POINTER(pdx_annotator_options),
        ],
    ),
    "pdx_annotator_free": (None, [POINTER(pdx_annotator)]),
    "pdx_annotate_options_init": (None, [POINTER(pdx_annotate_options), c_uint32]),
    "pdx_annotate_run": (
        c_int32,
        [
            POINTER(pdx_annotate_result),
            POINTER(pdx_annotator),
            POINTER(pdx_dataset),
            c_char_p,
            POINTER(pdx_annotate_options),
        ],
    ),
    "pdx_annotate_batch_write": (
        c_int32,
        [
            POINTER(pdx_annotate_batch),
            POINTER(pdx_annotator),
            POINTER(pdx_dataset),
            c_char_p,
            c_char_p,
            POINTER(pdx_annotate_options),
        ],
    ),
    "pdx_annotate_batch_read": (
        c_int32,
        [
            POINTER(pdx_annotate_batch),
            POINTER(pdx_annotator),
            c_char_p,
            c_char_p,
        ],
    ),
    "pdx_annotate_import": (
        c_int32,
        [
            POINTER(pdx_annotate_result),
            POINTER(c_char_p),
            c_int32,
            c_char_p,
        ],
    ),
    "pdx_annotations_report": (
        c_int32,
        [
            POINTER(pdx_annotate_stage),
            c_char_p,
            c_char_p,
            c_char_p,
        ],
    ),
    "pdx_annotations_label": (c_int32, [c_char_p, c_char_p, c_char_p]),
    "pdx_local_options_init": (None, [POINTER(pdx_local_options), c_uint32]),
    "pdx_judge_open_local": (
        c_int32,
        [
            POINTER(POINTER(pdx_judge)),
            c_char_p,
            POINTER(pdx_local_options),
        ],
    ),
    "pdx_http_judge_options_init": (None, [POINTER(pdx_http_judge_options), c_uint32]),
    "pdx_judge_open_http": (
        c_int32,
        [
            POINTER(POINTER(pdx_judge)),
            POINTER(pdx_http_options),
            POINTER(pdx_http_judge_options),
        ],
    ),
    "pdx_judge_free": (None, [POINTER(pdx_judge)]),
    "pdx_judge_name": (c_char_p, [POINTER(pdx_judge)]),
    "pdx_judge_options_init": (None, [POINTER(pdx_judge_options), c_uint32]),
    "pdx_judge_run": (
        c_int32,
        [
            POINTER(pdx_judge_result),
            POINTER(pdx_judge),
            POINTER(pdx_dataset),
            c_char_p,
            POINTER(pdx_judge_options),
        ],
    ),
    "pdx_judge_batch_write": (
        c_int32,
        [
            POINTER(pdx_batch_result),
            POINTER(pdx_judge),
            POINTER(pdx_dataset),
            c_char_p,
            c_char_p,
            POINTER(pdx_judge_options),
        ],
    ),
    "pdx_judge_batch_read": (
        c_int32,
        [
            POINTER(pdx_batch_result),
            POINTER(pdx_judge),
            c_char_p,
            c_char_p,
        ],
    ),
    "pdx_fit_options_init": (None, [POINTER(pdx_fit_options), c_uint32]),
    "pdx_fit_options_preset": (c_int32, [POINTER(pdx_fit_options), c_uint32, c_char_p]),
    "pdx_fit_rows": (
        c_int32,
        [
            POINTER(POINTER(pdx_posterior)),
            POINTER(pdx_rows),
            POINTER(pdx_fit_options),
        ],
    ),
    "pdx_study_fit": (
        c_int32,
        [
            POINTER(POINTER(pdx_study)),
            POINTER(pdx_dataset),
            POINTER(pdx_judgments),
            POINTER(pdx_fit_options),
        ],
    ),
    "pdx_posterior_free": (None, [POINTER(pdx_posterior)]),
    "pdx_study_free": (None, [POINTER(pdx_study)]),
    "pdx_study_count": (c_int32, [POINTER(pdx_study)]),
    "pdx_study_get": (POINTER(pdx_posterior), [POINTER(pdx_study), c_int32]),
    "pdx_study_find": (POINTER(pdx_posterior), [POINTER(pdx_study), c_char_p, c_char_p]),
    "pdx_study_append": (c_int32, [POINTER(pdx_study), POINTER(pdx_study)]),
    "pdx_study_save": (c_int32, [POINTER(pdx_study), c_char_p]),
    "pdx_posterior_save": (c_int32, [POINTER(pdx_posterior), c_char_p]),
    "pdx_study_load": (c_int32, [POINTER(POINTER(pdx_study)), c_char_p]),
    "pdx_study_load_weights": (c_int32, [POINTER(POINTER(pdx_study)), c_char_p]),
    "pdx_study_save_weights": (c_int32, [POINTER(pdx_study), c_char_p]),
    "pdx_posterior_judge": (c_char_p, [POINTER(pdx_posterior)]),
    "pdx_posterior_group": (c_char_p, [POINTER(pdx_posterior)]),
    "pdx_posterior_rows": (c_int64, [POINTER(pdx_posterior)]),
    "pdx_posterior_dim": (c_int32, [POINTER(pdx_posterior)]),
    "pdx_posterior_column": (c_char_p, [POINTER(pdx_posterior), c_int32]),
    "pdx_posterior_label": (c_char_p, [POINTER(pdx_posterior)]),
    "pdx_posterior_ties": (c_int64, [POINTER(pdx_posterior)]),
    "pdx_posterior_no_verdict": (c_int64, [POINTER(pdx_posterior)]),
    "pdx_posterior_mean": (POINTER(c_double), [POINTER(pdx_posterior)]),
    "pdx_posterior_sd": (POINTER(c_double), [POINTER(pdx_posterior)]),
    "pdx_posterior_prob_positive": (POINTER(c_double), [POINTER(pdx_posterior)]),
    "pdx_posterior_covariance": (POINTER(c_double), [POINTER(pdx_posterior)]),
    "pdx_posterior_fold_mean": (POINTER(c_double), [POINTER(pdx_posterior)]),
    "pdx_posterior_quantile_count": (c_int32, [POINTER(pdx_posterior)]),
    "pdx_posterior_quantile_probs": (POINTER(c_double), [POINTER(pdx_posterior)]),
    "pdx_posterior_quantiles": (POINTER(c_double), [POINTER(pdx_posterior)]),
    "pdx_posterior_draw_count": (c_int64, [POINTER(pdx_posterior)]),
    "pdx_posterior_draws": (POINTER(c_double), [POINTER(pdx_posterior)]),
    "pdx_posterior_log_evidence": (c_double, [POINTER(pdx_posterior)]),
    "pdx_posterior_elpd_loo": (c_double, [POINTER(pdx_posterior)]),
    "pdx_posterior_prior_scale": (c_double, [POINTER(pdx_posterior)]),
    "pdx_posterior_certificate": (c_int32, [POINTER(pdx_posterior), POINTER(pdx_certificate)]),
    "pdx_posterior_position": (c_int32, [POINTER(pdx_posterior), POINTER(pdx_position)]),
    "pdx_posterior_prediction": (c_int32, [POINTER(pdx_posterior), POINTER(pdx_prediction)]),
    "pdx_posterior_margin": (c_int32, [POINTER(pdx_posterior), POINTER(pdx_margin)]),
    "pdx_posterior_cut": (c_int32, [POINTER(pdx_posterior), POINTER(pdx_cut)]),
    "pdx_posterior_imputations": (c_int32, [POINTER(pdx_posterior)]),
    "pdx_posterior_noise": (c_int32, [POINTER(pdx_posterior), c_int32, POINTER(pdx_noise)]),
    "pdx_posterior_verdict": (c_char_p, [POINTER(pdx_posterior)]),
    "pdx_posterior_predict": (
        c_int32,
        [
            POINTER(pdx_posterior),
            POINTER(c_double),
            c_int64,
            POINTER(c_double),
        ],
    ),
    "pdx_posterior_predict_outcomes": (
        c_int32,
        [
            POINTER(pdx_posterior),
            POINTER(c_double),
            c_int64,
            POINTER(c_double),
        ],
    ),
    "pdx_posterior_contrast": (
        c_int32,
        [
            POINTER(pdx_posterior),
            c_int32,
            POINTER(pdx_posterior),
            c_int32,
            POINTER(pdx_contrast),
        ],
    ),
    "pdx_posterior_contrast_all": (
        c_int32,
        [
            POINTER(pdx_posterior),
            POINTER(pdx_posterior),
            c_double,
            POINTER(pdx_contrast),
        ],
    ),
    "pdx_posterior_discoveries": (
        c_int32,
        [
            POINTER(pdx_posterior),
            c_double,
            POINTER(pdx_contrast),
        ],
    ),
    "pdx_study_pooled_count": (c_int32, [POINTER(pdx_study)]),
    "pdx_study_pooled": (POINTER(pdx_pooled), [POINTER(pdx_study), c_int32]),
    "pdx_posterior_pooled": (POINTER(pdx_pooled), [POINTER(pdx_posterior)]),
    "pdx_pooled_over": (c_int32, [POINTER(pdx_pooled)]),
    "pdx_pooled_count": (c_int32, [POINTER(pdx_pooled)]),
    "pdx_pooled_get": (POINTER(pdx_posterior), [POINTER(pdx_pooled), c_int32]),
    "pdx_pooled_mean": (POINTER(pdx_posterior), [POINTER(pdx_pooled)]),
    "pdx_pooled_tau": (c_int32, [POINTER(pdx_pooled), POINTER(pdx_tau)]),
    "pdx_pooled_tau_quantiles": (POINTER(c_double), [POINTER(pdx_pooled)]),
    "pdx_pooled_differences": (c_int32, [POINTER(pdx_pooled), c_double, POINTER(pdx_contrast)]),
    "pdx_study_pooling": (c_int32, [POINTER(pdx_study), c_char_p, POINTER(pdx_pooling)]),
    "pdx_drift_fit": (
        c_int32,
        [
            POINTER(POINTER(pdx_posterior)),
            POINTER(pdx_dataset),
            POINTER(pdx_judgments),
            c_char_p,
            c_char_p,
            c_char_p,
            POINTER(pdx_fit_options),
        ],
    ),
    "pdx_columns_create": (
        c_int32,
        [
            POINTER(POINTER(pdx_columns_writer)),
            c_char_p,
            POINTER(c_char_p),
            c_int32,
            c_int32,
            c_int32,
        ],
    ),
    "pdx_columns_append": (
        c_int32,
        [
            POINTER(pdx_columns_writer),
            POINTER(pdx_rows),
            c_char_p,
            c_char_p,
        ],
    ),
    "pdx_columns_finish": (c_int32, [POINTER(pdx_columns_writer)]),
    "pdx_columns_abandon": (None, [POINTER(pdx_columns_writer)]),
    "pdx_columns_from_table": (c_int32, [POINTER(c_int64), c_char_p, c_char_p, POINTER(pdx_hooks)]),
    "pdx_columns_open": (c_int32, [POINTER(POINTER(pdx_columns)), c_char_p]),
    "pdx_columns_free": (None, [POINTER(pdx_columns)]),
    "pdx_columns_rows": (c_int64, [POINTER(pdx_columns)]),
    "pdx_columns_chunks": (c_int64, [POINTER(pdx_columns)]),
    "pdx_columns_kind": (c_int32, [POINTER(pdx_columns)]),
    "pdx_columns_dim": (c_int32, [POINTER(pdx_columns)]),
    "pdx_columns_name": (c_char_p, [POINTER(pdx_columns), c_int32]),
    "pdx_columns_judge_count": (c_int32, [POINTER(pdx_columns)]),
    "pdx_columns_judge": (c_char_p, [POINTER(pdx_columns), c_int32]),
    "pdx_columns_group_count": (c_int32, [POINTER(pdx_columns)]),
    "pdx_columns_group": (c_char_p, [POINTER(pdx_columns), c_int32]),
    "pdx_columns_options_init": (None, [POINTER(pdx_columns_options), c_uint32]),
    "pdx_columns_fit": (
        c_int32,
        [
            POINTER(POINTER(pdx_study)),
            POINTER(pdx_columns),
            POINTER(pdx_fit_options),
            POINTER(pdx_columns_options),
        ],
    ),
    "pdx_columns_sums": (
        c_int32,
        [
            POINTER(pdx_columns),
            c_int64,
            c_int64,
            POINTER(c_double),
            c_int64,
            POINTER(c_double),
            c_int64,
            c_int32,
        ],
    ),
    "pdx_similarity_options_init": (None, [POINTER(pdx_similarity_options), c_uint32]),
    "pdx_similarity_create": (
        c_int32,
        [
            POINTER(POINTER(pdx_similarity)),
            POINTER(pdx_study),
            POINTER(pdx_similarity_options),
        ],
    ),
    "pdx_similarity_free": (None, [POINTER(pdx_similarity)]),
    "pdx_similarity_judge_count": (c_int32, [POINTER(pdx_similarity)]),
    "pdx_similarity_judge": (c_char_p, [POINTER(pdx_similarity), c_int32]),
    "pdx_similarity_group_count": (c_int32, [POINTER(pdx_similarity)]),
    "pdx_similarity_group": (c_char_p, [POINTER(pdx_similarity), c_int32]),
    "pdx_similarity_is_scenario": (c_int32, [POINTER(pdx_similarity), c_int32]),
    "pdx_similarity_matrix": (POINTER(c_double), [POINTER(pdx_similarity), c_int32, c_int32]),
    "pdx_similarity_mean": (POINTER(c_double), [POINTER(pdx_similarity), c_int32, c_int32]),
    "pdx_similarity_low": (POINTER(c_double), [POINTER(pdx_similarity), c_int32, c_int32]),
    "pdx_similarity_high": (POINTER(c_double), [POINTER(pdx_similarity), c_int32, c_int32]),
    "pdx_similarity_note": (c_char_p, [POINTER(pdx_similarity)]),
    "pdx_study_nearer": (
        c_int32,
        [
            POINTER(c_double),
            POINTER(pdx_study),
            c_char_p,
            c_int32,
            c_char_p,
            c_char_p,
            c_char_p,
            POINTER(pdx_similarity_options),
        ],
    ),
    "pdx_cluster": (c_int32, [c_int32, POINTER(c_double), POINTER(pdx_merge), POINTER(c_int32)]),
    "pdx_similarity_cluster": (
        c_int32,
        [
            POINTER(pdx_similarity),
            c_int32,
            c_int32,
            POINTER(pdx_merge),
            POINTER(c_int32),
        ],
    ),
    "pdx_judgments_agreement": (
        c_int32,
        [
            POINTER(pdx_judgments),
            POINTER(pdx_dataset),
            c_int32,
            c_int32,
            c_int32,
            POINTER(pdx_agreement),
        ],
    ),
    "pdx_judgments_agreement_all": (
        c_int32,
        [
            POINTER(pdx_judgments),
            POINTER(pdx_dataset),
            POINTER(c_int32),
            c_int32,
            c_int32,
            POINTER(pdx_agreement),
        ],
    ),
    "pdx_judgments_alpha": (
        c_int32,
        [
            POINTER(pdx_judgments),
            POINTER(pdx_dataset),
            POINTER(c_int32),
            c_int32,
            c_int32,
            POINTER(pdx_rate),
        ],
    ),
    "pdx_judgments_consistency": (
        c_int32,
        [
            POINTER(pdx_judgments),
            POINTER(pdx_dataset),
            c_int32,
            c_int32,
            POINTER(pdx_consistency),
        ],
    ),
    "pdx_posterior_effects": (
        c_int32,
        [
            POINTER(pdx_posterior),
            POINTER(pdx_dataset),
            POINTER(pdx_judgments),
            POINTER(pdx_effect),
        ],
    ),
    "pdx_posterior_surprising": (
        c_int32,
        [
            POINTER(pdx_posterior),
            POINTER(pdx_dataset),
            POINTER(pdx_judgments),
            POINTER(pdx_surprise),
            c_int64,
            POINTER(c_int64),
        ],
    ),
    "pdx_shapley": (c_int32, [c_int32, POINTER(c_double), c_double, POINTER(c_double)]),
    "pdx_explain_options_init": (None, [POINTER(pdx_explain_options), c_uint32]),
    "pdx_posterior_explain": (
        c_int32,
        [
            POINTER(pdx_posterior),
            POINTER(c_double),
            POINTER(pdx_explain_options),
            POINTER(pdx_explanation),
            POINTER(pdx_attribution),
        ],
    ),
    "pdx_rating_options_init": (None, [POINTER(pdx_rating_options), c_uint32]),
    "pdx_rating_fit": (
        c_int32,
        [
            POINTER(POINTER(pdx_rating)),
            POINTER(pdx_dataset),
            POINTER(pdx_judgments),
            POINTER(pdx_rating_options),
        ],
    ),
    "pdx_rating_free": (None, [POINTER(pdx_rating)]),
    "pdx_rating_count": (c_int32, [POINTER(pdx_rating)]),
    "pdx_rating_get": (c_int32, [POINTER(pdx_rating), c_int32, POINTER(pdx_model_rating)]),
    "pdx_rating_contrast": (
        c_int32,
        [
            POINTER(pdx_rating),
            c_int32,
            c_int32,
            POINTER(pdx_contrast),
        ],
    ),
    "pdx_rating_properties": (POINTER(pdx_posterior), [POINTER(pdx_rating)]),
    "pdx_rating_left_out": (c_int64, [POINTER(pdx_rating)]),
    "pdx_power_options_init": (None, [POINTER(pdx_power_options), c_uint32]),
    "pdx_power_describe": (
        c_int32,
        [
            POINTER(pdx_power_options),
            POINTER(pdx_dataset),
            c_int32,
            POINTER(pdx_posterior),
        ],
    ),
    "pdx_power_pairs": (c_int32, [POINTER(c_double), POINTER(pdx_power_options)]),
    "pdx_power_of": (c_int32, [POINTER(c_double), c_double, POINTER(pdx_power_options)]),
    "pdx_power_simulated": (
        c_int32,
        [
            POINTER(pdx_rate),
            c_int64,
            c_int64,
            POINTER(pdx_power_options),
        ],
    ),
    "pdx_edits_create": (c_int32, [POINTER(POINTER(pdx_edits)), c_char_p]),
    "pdx_edits_free": (None, [POINTER(pdx_edits)]),
    "pdx_edits_count": (c_int32, [POINTER(pdx_edits)]),
    "pdx_edits_get": (c_int32, [POINTER(pdx_edits), c_int32, POINTER(pdx_edit)]),
    "pdx_edits_find": (c_int32, [POINTER(pdx_edits), c_char_p]),
    "pdx_edits_apply": (
        c_int32,
        [
            POINTER(pdx_edits),
            c_int32,
            c_char_p,
            c_char_p,
            c_uint64,
            POINTER(c_char_p),
        ],
    ),
    "pdx_probe_write_options_init": (None, [POINTER(pdx_probe_write_options), c_uint32]),
    "pdx_probe_write": (
        c_int32,
        [
            POINTER(pdx_probe_counts),
            POINTER(pdx_dataset),
            POINTER(pdx_edits),
            c_char_p,
            POINTER(pdx_probe_write_options),
        ],
    ),
    "pdx_probe_options_init": (None, [POINTER(pdx_probe_options), c_uint32]),
    "pdx_probe_measure": (
        c_int32,
        [
            POINTER(POINTER(pdx_probe)),
            POINTER(pdx_dataset),
            POINTER(pdx_judgments),
            POINTER(pdx_posterior),
            POINTER(pdx_probe_options),
        ],
    ),
    "pdx_probe_free": (None, [POINTER(pdx_probe)]),
    "pdx_probe_judge": (c_char_p, [POINTER(pdx_probe)]),
    "pdx_probe_count": (c_int32, [POINTER(pdx_probe)]),
    "pdx_probe_get": (c_int32, [POINTER(pdx_probe), c_int32, POINTER(pdx_probe_effect)]),
    "pdx_probe_calibration_get": (c_int32, [POINTER(pdx_probe), POINTER(pdx_probe_calibration)]),
    "pdx_probe_weight_count": (c_int32, [POINTER(pdx_probe)]),
    "pdx_probe_weight_get": (c_int32, [POINTER(pdx_probe), c_int32, POINTER(pdx_probe_weight)]),
    "pdx_probe_summary_get": (c_int32, [POINTER(pdx_probe), POINTER(pdx_probe_summary)]),
    "pdx_probe_sentence": (c_char_p, [POINTER(pdx_probe)]),
    "pdx_probe_save": (c_int32, [POINTER(pdx_probe), c_char_p]),
    "pdx_length_controlled": (
        c_int32,
        [
            POINTER(pdx_length_control),
            c_int64,
            POINTER(c_double),
            POINTER(c_double),
            POINTER(c_double),
            c_int64,
            c_uint64,
        ],
    ),
    "pdx_arms_options_init": (None, [POINTER(pdx_arms_options), c_uint32]),
    "pdx_arms_choose": (
        c_int32,
        [
            POINTER(POINTER(pdx_arms)),
            POINTER(pdx_study),
            POINTER(pdx_schema),
            POINTER(pdx_arms_options),
        ],
    ),
    "pdx_arms_load": (c_int32, [POINTER(POINTER(pdx_arms)), c_char_p]),
    "pdx_arms_save": (c_int32, [POINTER(pdx_arms), c_char_p]),
    "pdx_arms_free": (None, [POINTER(pdx_arms)]),
    "pdx_arms_count": (c_int32, [POINTER(pdx_arms)]),
    "pdx_arms_name": (c_char_p, [POINTER(pdx_arms), c_int32]),
    "pdx_arms_message": (c_char_p, [POINTER(pdx_arms), c_int32, c_char_p]),
    "pdx_generate_options_init": (None, [POINTER(pdx_generate_options), c_uint32]),
    "pdx_arms_generate": (
        c_int32,
        [
            POINTER(pdx_generate_result),
            POINTER(pdx_arms),
            POINTER(pdx_dataset),
            c_char_p,
            POINTER(pdx_http_options),
            POINTER(pdx_generate_options),
        ],
    ),
    "pdx_outputs_pair": (
        c_int32,
        [
            POINTER(pdx_outputs_counts),
            POINTER(c_char_p),
            c_int32,
            c_char_p,
            c_char_p,
            c_char_p,
            POINTER(pdx_hooks),
        ],
    ),
    "pdx_outputs_grade": (
        c_int32,
        [
            POINTER(pdx_generate_result),
            POINTER(c_char_p),
            c_int32,
            c_char_p,
            c_char_p,
            POINTER(pdx_http_options),
            POINTER(pdx_generate_options),
        ],
    ),
    "pdx_shift_options_init": (None, [POINTER(pdx_shift_options), c_uint32]),
    "pdx_shift_measure": (
        c_int32,
        [
            POINTER(POINTER(pdx_shift)),
            POINTER(pdx_dataset),
            POINTER(pdx_judgments),
            POINTER(pdx_posterior),
            POINTER(pdx_shift_options),
        ],
    ),
    "pdx_shift_free": (None, [POINTER(pdx_shift)]),
    "pdx_shift_count": (c_int32, [POINTER(pdx_shift)]),
    "pdx_shift_get": (c_int32, [POINTER(pdx_shift), c_int32, POINTER(pdx_shift_row)]),
    "pdx_shift_judge": (c_char_p, [POINTER(pdx_shift)]),
    "pdx_shift_baseline": (c_char_p, [POINTER(pdx_shift)]),
    "pdx_shift_save": (c_int32, [POINTER(pdx_shift), c_char_p]),
    "pdx_export_alpacaeval": (
        c_int32,
        [
            POINTER(pdx_export_counts),
            POINTER(pdx_dataset),
            POINTER(pdx_judgments),
            c_char_p,
            c_char_p,
        ],
    ),
    "pdx_export_mtbench": (
        c_int32,
        [
            POINTER(pdx_export_counts),
            POINTER(pdx_dataset),
            POINTER(pdx_judgments),
            c_char_p,
            c_char_p,
        ],
    ),
    "pdx_export_preferences": (
        c_int32,
        [
            POINTER(pdx_export_counts),
            POINTER(pdx_dataset),
            POINTER(pdx_posterior),
            c_double,
            c_int32,
            c_char_p,
        ],
    ),
    "pdx_simulate_options_init": (None, [POINTER(pdx_simulate_options), c_uint32]),
    "pdx_simulate": (
        c_int32,
        [
            POINTER(POINTER(pdx_dataset)),
            POINTER(POINTER(pdx_judgments)),
            POINTER(POINTER(pdx_study)),
            POINTER(pdx_simulate_options),
        ],
    ),
    "pdx_report_similarity_svg": (c_int32, [POINTER(pdx_similarity), c_int32, c_int32, c_char_p]),
    "pdx_report_agreement_svg": (
        c_int32,
        [
            POINTER(pdx_judgments),
            POINTER(pdx_dataset),
            POINTER(c_int32),
            c_int32,
            c_int32,
            c_int32,
            c_char_p,
        ],
    ),
    "pdx_report_waterfall_svg": (
        c_int32,
        [
            POINTER(pdx_posterior),
            POINTER(c_double),
            POINTER(pdx_explain_options),
            c_char_p,
            c_char_p,
        ],
    ),
    "pdx_report_calibration_svg": (c_int32, [POINTER(pdx_calibration_points), c_char_p, c_char_p]),
    "pdx_report_contrast_svg": (
        c_int32,
        [
            POINTER(pdx_posterior),
            POINTER(pdx_posterior),
            c_double,
            c_char_p,
        ],
    ),
    "pdx_report_position_svg": (
        c_int32,
        [
            POINTER(pdx_study),
            c_char_p,
            POINTER(pdx_dataset),
            POINTER(pdx_judgments),
            c_char_p,
        ],
    ),
    "pdx_report_prior_svg": (
        c_int32,
        [
            POINTER(POINTER(pdx_posterior)),
            POINTER(c_char_p),
            c_int32,
            c_char_p,
        ],
    ),
    "pdx_report_dissection_svg": (
        c_int32,
        [
            POINTER(pdx_study),
            c_char_p,
            POINTER(c_char_p),
            c_int32,
            POINTER(pdx_study),
            c_char_p,
        ],
    ),
    "pdx_report_options_init": (None, [POINTER(pdx_report_options), c_uint32]),
    "pdx_report_create": (
        c_int32,
        [
            POINTER(POINTER(pdx_report)),
            POINTER(pdx_study),
            POINTER(pdx_dataset),
            POINTER(pdx_judgments),
            POINTER(pdx_report_options),
        ],
    ),
    "pdx_report_free": (None, [POINTER(pdx_report)]),
    "pdx_report_finding_count": (c_int32, [POINTER(pdx_report)]),
    "pdx_report_finding": (c_char_p, [POINTER(pdx_report), c_int32]),
    "pdx_report_add_finding": (c_int32, [POINTER(pdx_report), c_char_p]),
    "pdx_report_add_text": (c_int32, [POINTER(pdx_report), c_char_p, c_char_p]),
    "pdx_report_add_picture": (
        c_int32,
        [
            POINTER(pdx_report),
            c_char_p,
            c_char_p,
            c_char_p,
            c_char_p,
            c_char_p,
        ],
    ),
    "pdx_report_save": (c_int32, [POINTER(pdx_report), c_char_p]),
}
