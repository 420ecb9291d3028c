"""95 % intervals as SQL over counts and sums: each formula once, with its source.

Functions take SQL for numbers and return SQL. Golden values from R are in tests/golden/outcomes.R.
"""

from __future__ import annotations

__all__ = [
    "Z",
    "cluster_mean_margin",
    "cluster_sd_margin",
    "effective_size",
    "mean_margin",
    "order_ranks",
    "sd_margin",
    "sum_margin",
    "t_quantile",
    "variance_of_total",
    "wilson",
]

Z = "1.959963984540054"
"""Quantile of the standard normal distribution at 0.975."""
_Z2 = f"cast({Z} * {Z} as decimal(38, 18))"
"""Its square. With more decimals a count from 100 million on would not fit beside it."""


def wilson(yes: str, known: str, *, times: str = "") -> tuple[str, str]:
    """Limits of a share `yes / known` by Wilson's score interval; empty where `known` is 0.

    (x + z²/2 ∓ z √(x (n − x) / n + z²/4)) / (n + z²), exactly 0 or 1 where none or all are counted.
    With a factor `times` (`834 * `) limits of a rate, which may lie above 1 if x does above n.
    Wilson EB. J Am Stat Assoc 1927;22:209–212. R: prop.test(x, n, correct = FALSE)$conf.int.

    >>> import duckdb
    >>> from cytoreg.outcomes import wilson
    >>> lower, upper = wilson("3", "10")
    >>> duckdb.sql(f"select round({lower}, 3), round({upper}, 3)").fetchall()
    [(0.108, 0.603)]
    """
    middle = f"{yes} + {Z} * {Z} / 2"
    spread = f"greatest(cast({yes} as double) * ({known} - {yes}) / {known}, 0)"
    reach = f"{Z} * sqrt({spread} + {Z} * {Z} / 4)"
    if times:
        rate = f"({known} + {_Z2})"
        return f"{times}({middle} - {reach}) / {rate}", f"{times}({middle} + {reach}) / {rate}"
    below = f"case when {known} = 0 then null when {yes} = 0 then 0.0"
    above = f"case when {known} = 0 then null when {yes} = {known} then 1.0"
    size = f"({known} + {_Z2})"
    return (
        f"{below} else ({middle} - {reach}) / {size} end",
        f"{above} else ({middle} + {reach}) / {size} end",
    )


def t_quantile(freedom: str) -> str:
    """Student's t at 0.975 with `freedom` degrees of freedom, within 1 % from three up.

    Cornish and Fisher's expansion z + g₁/ν + g₂/ν² + g₃/ν³ with g₁ = (z³ + z)/4 and so on:
    Abramowitz M, Stegun IA. Handbook of Mathematical Functions (1964), 26.7.5. R: qt(0.975, ν).

    >>> import duckdb
    >>> from cytoreg.outcomes import t_quantile
    >>> duckdb.sql(f"select round({t_quantile('9')}, 2)").fetchall()
    [(2.26,)]
    """
    nu = f"nullif(cast({freedom} as double), 0)"
    return (
        f"{Z} + 2.372271230298562 / {nu}"
        f" + 2.8224986157396112 / ({nu} * {nu})"
        f" + 2.555849679507722 / ({nu} * {nu} * {nu})"
    )


def mean_margin(t: str, variance: str, size: str) -> str:
    """Half the width of a mean's interval: t s / √n.

    Student. Biometrika 1908;6:1–25. R: diff(t.test(x)$conf.int) / 2.
    """
    return f"{t} * sqrt({variance} / {size})"


def sum_margin(total: str, squares: str, size: str) -> str:
    """Standard error of a sum per row, by the rows' own variance: √((Σx²/n − (Σx/n)²) / n)."""
    return f"sqrt(greatest({squares} / {size} - {total} / {size} * {total} / {size}, 0) / {size})"


def sd_margin(variance: str, fourth: str, size: str) -> str:
    """Half the width of a standard deviation's interval, for large samples of any shape.

    var(s²) ≈ (m₄ − s⁴ (n − 3) / (n − 1)) / n with the fourth central moment m₄, and by the delta
    method se(s) = √var(s²) / (2 s): Rao CR. Linear Statistical Inference and Its Applications
    (1973), 6h. Skewed values widen it. Empty where s is 0 or there is none.

    >>> import duckdb
    >>> from cytoreg.outcomes import sd_margin
    >>> duckdb.sql(f"select round({sd_margin('4.0', '48.0', '100')}, 3)").fetchall()
    [(0.279,)]
    """
    spread = f"{fourth} - {variance} * {variance} * ({size} - 3) / ({size} - 1)"
    return (
        f"case when {variance} > 0 then"
        f" {Z} * sqrt(greatest({spread}, 0) / {size}) / (2 * sqrt({variance})) end"
    )


def order_ranks(share: str, known: str, error: str = "") -> tuple[str, str]:
    """Ranks, from 1, of the values that bound a quantile; below 1 or above `known`: no bound.

    ⌊nq − z √(nq(1 − q))⌋ and ⌈nq + z √(nq(1 − q))⌉ + 1: Conover WJ. Practical Nonparametric
    Statistics (1999), 3.2. Where rows are not independent, the distance is z n times the standard
    `error` of the share of rows up to the quantile: Woodruff RS. J Am Stat Assoc 1952;47:635–646.

    >>> import duckdb
    >>> from cytoreg.outcomes import order_ranks
    >>> lower, upper = order_ranks("0.5", "100")
    >>> duckdb.sql(f"select {lower}, {upper}").fetchall()
    [(40.0, 61.0)]
    """
    reach = f"{Z} * sqrt({known} * {share} * (1 - {share}))"
    if error:
        reach = f"{Z} * {known} * {error}"
    return f"floor({known} * {share} - {reach})", f"ceil({known} * {share} + {reach}) + 1"


def variance_of_total(squares: str, clusters: str) -> str:
    """Variance of a sum over clusters, of which `squares` is Σu² of their totals u (their sum 0).

    G / (G − 1) Σu²: Liang KY, Zeger SL. Biometrika 1986;73:13–22, with the usual factor for few
    clusters. Empty with one cluster. R: survey::svymean(x, svydesign(ids = ~cluster)), times n².
    """
    return f"{squares} * {clusters} / nullif({clusters} - 1, 0)"


def cluster_mean_margin(squares: str, clusters: str, size: str) -> str:
    """Half the width of a mean's interval over clusters: t √var(Σ(x − x̄)) / n.

    `squares` is Σu² of the clusters' sums u of x − x̄; t has one degree less than clusters.
    R: confint(svymean(~x, design), df = degf(design)).
    """
    variance = variance_of_total(squares, clusters)
    return f"({t_quantile(f'({clusters} - 1)')}) * sqrt({variance}) / {size}"


def cluster_sd_margin(squares: str, clusters: str, variance: str, size: str) -> str:
    """Half the width of a standard deviation's interval over clusters, by the delta method.

    `squares` is Σu² of the clusters' sums u of (x − x̄)² − m₂, the second central moment:
    z √var(Σu) / (n − 1) / (2 s). R: SE(svyvar(~x, design)) is √var(Σu) / (n − 1).
    """
    total = variance_of_total(squares, clusters)
    return (
        f"case when {variance} > 0 then"
        f" {Z} * sqrt({total}) / ({size} - 1) / (2 * sqrt({variance})) end"
    )


def effective_size(share: str, variance: str, clusters: str) -> str:
    """The number of independent rows for which a share would have this variance: p (1 − p) / var.

    Where the variance is 0 or unknown, it cannot be estimated, and each cluster counts as one row.
    For Wilson's interval of clustered rows: Dean N, Pagano M. J Surv Stat Methodol 2015;3:484–503.
    """
    return (
        f"case when {variance} > 0 and {share} > 0 and {share} < 1"
        f" then {share} * (1 - {share}) / ({variance}) else {clusters} end"
    )
