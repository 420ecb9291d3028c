# Golden values of shares and quantities with their 95 % intervals, rows independent or in clusters.
# Run in this folder: Rscript outcomes.R
# Writes outcomes_data.csv (rows that this script makes up; an empty cell is an unknown answer or
# value) and outcomes_expected.csv (empty: R gives none, or too few values bound a quantile).
# Shares and means are base R's and the survey package's own; what bounds quantiles and standard
# deviations is written out here by the formulas named in cytoreg/outcomes/intervals.py.
# Made with R 4.2.2 and survey 4.1-1.
suppressMessages(library(survey))
set.seed(20261130)
z <- qnorm(0.975)

made <- function(case, sizes, share, value) {
  cluster <- rep(seq_along(sizes), sizes)
  effect <- rnorm(length(sizes))[cluster]
  data.frame(
    case = case, cluster = cluster,
    answer = as.integer(runif(length(cluster)) < plogis(qlogis(share) + effect)),
    value = value(effect)
  )
}
blank <- function(data, share) {
  data$answer[runif(nrow(data)) < share] <- NA
  data$value[runif(nrow(data)) < share] <- NA
  data
}
data <- rbind(
  blank(made("days", sample(1:4, 130, TRUE), 0.2, function(e) round(exp(2 + 0.5 * e + rnorm(length(e))))), 0.1),
  blank(made("measured", sample(1:3, 90, TRUE), 0.6, function(e) round(50 + 8 * e + 3 * rnorm(length(e)), 2)), 0.2),
  made("few", c(1, 2, 1, 3, 1), 0.5, function(e) round(100 + 10 * e + 5 * rnorm(length(e)))),
  made("one each", rep(1, 40), 0.1, function(e) round(1000 * (2 + e + rnorm(length(e))))),
  data.frame(case = "none", cluster = rep(1:12, each = 2), answer = 0L, value = 7),
  data.frame(case = "large", cluster = 1:60, answer = 1L, value = 3e8 + 1000 * (1:60)^2)
)
write.csv(data, "outcomes_data.csv", row.names = FALSE, quote = FALSE, na = "")

row <- function(case, clustered, kind, estimate, lower, upper) {
  data.frame(
    case = case, clustered = clustered, kind = kind,
    estimate = estimate, lower = lower, upper = upper
  )
}
wilson <- function(x, n) suppressWarnings(prop.test(x, n, correct = FALSE)$conf.int)
at <- function(sorted, rank) if (rank >= 1 && rank <= length(sorted)) sorted[rank] else NA
quantiles <- c(lower_quartile = 0.25, median = 0.5, upper_quartile = 0.75)

independent <- function(set) {
  a <- set$answer[!is.na(set$answer)]
  x <- set$value[!is.na(set$value)]
  n <- length(x)
  t <- if (var(x) > 0) t.test(x)$conf.int else rep(mean(x), 2)
  error <- sqrt((mean((x - mean(x))^4) - var(x)^2 * (n - 3) / (n - 1)) / n) / (2 * sd(x))
  if (var(x) == 0) error <- NA
  found <- rbind(
    row(set$case[1], 0, "proportion", mean(a), wilson(sum(a), length(a))[1], wilson(sum(a), length(a))[2]),
    row(set$case[1], 0, "mean", mean(x), t[1], t[2]),
    row(set$case[1], 0, "sd", sd(x), max(sd(x) - z * error, 0), sd(x) + z * error)
  )
  for (kind in names(quantiles)) {
    q <- quantiles[[kind]]
    reach <- z * sqrt(n * q * (1 - q))
    found <- rbind(found, row(
      set$case[1], 0, kind, quantile(x, q, type = 7),
      at(sort(x), floor(n * q - reach)), at(sort(x), ceiling(n * q + reach) + 1)
    ))
  }
  found
}
clustered <- function(set) {
  answers <- svydesign(ids = ~cluster, weights = ~1, data = set[!is.na(set$answer), ])
  share <- svymean(~answer, answers)
  p <- coef(share)[[1]]
  error <- SE(share)[[1]]
  size <- if (error > 0) p * (1 - p) / error^2 else length(unique(answers$variables$cluster))
  kept <- set[!is.na(set$value), ]
  values <- svydesign(ids = ~cluster, weights = ~1, data = kept)
  mean <- svymean(~value, values)
  limits <- confint(mean, df = degf(values))
  spread <- svyvar(~value, values)
  sd <- sqrt(coef(spread)[[1]])
  error <- if (sd > 0) SE(spread)[[1]] / (2 * sd) else NA
  found <- rbind(
    row(set$case[1], 1, "proportion", p, wilson(p * size, size)[1], wilson(p * size, size)[2]),
    row(set$case[1], 1, "mean", coef(mean)[[1]], limits[1], limits[2]),
    row(set$case[1], 1, "sd", sd, max(sd - z * error, 0), sd + z * error)
  )
  n <- nrow(kept)
  for (kind in names(quantiles)) {
    q <- quantiles[[kind]]
    estimate <- quantile(kept$value, q, type = 7)
    values <- update(values, below = as.numeric(value <= estimate))
    reach <- z * n * SE(svymean(~below, values))[[1]]
    found <- rbind(found, row(
      set$case[1], 1, kind, estimate,
      at(sort(kept$value), floor(n * q - reach)), at(sort(kept$value), ceiling(n * q + reach) + 1)
    ))
  }
  found
}
sets <- split(data, data$case)
expected <- do.call(rbind, c(lapply(sets, independent), lapply(sets, clustered)))
write.csv(format(expected, digits = 17, trim = TRUE), "outcomes_expected.csv", row.names = FALSE, quote = FALSE)
