# What R makes of cohorts that are small, poor or have missing values: the judge of test_degenerate.py.
# Run in this folder: Rscript degenerate.R
# Writes degenerate_data.csv (one made-up cohort; empty: missing) and degenerate_tests.csv: per case
# the test or model, its statistic or coefficient, degrees of freedom and how many R left out.
# Empty: R gives NA, NaN, no degrees of freedom, or ends with an error.
# Made with R 4.2.2, survival 3.5-3 and cmprsk 2.2-11.
suppressMessages({library(survival); library(cmprsk)})
options(digits = 17)
set.seed(24)
n <- 60
d <- data.frame(time = ceiling(rexp(n, 1 / 400)), event = rbinom(n, 1, 0.6),
  site = sample(c("lung", "pancreas", "appendix"), n, replace = TRUE), age = round(rnorm(n, 60, 9), 1),
  smoker = rbinom(n, 1, 0.4) == 1, start = as.Date("2001-01-01") + ceiling(runif(n, 0, 4000)))
d$cause <- ifelse(d$event == 1, sample(c("tumour", "other"), n, replace = TRUE), "")
d$site[sample(n, 11)] <- NA
d$age[sample(n, 5)] <- NA
d$single <- ifelse(seq_len(n) == 7, "one", "rest")
d$arm <- sample(c("a", "b"), n, replace = TRUE)
write.csv(transform(d, smoker = tolower(smoker)), "degenerate_data.csv", row.names = FALSE,
  na = "", quote = FALSE)

rows <- NULL
add <- function(case, what, found) {
  value <- tryCatch(suppressWarnings(found()), error = function(e) c(NA, NA, NA))
  value[!is.finite(value)] <- NA
  rows <<- rbind(rows, data.frame(case, what, value = value[1], degrees = value[2], left_out = value[3]))
}
log_rank <- function(formula, data) {
  fit <- survdiff(formula, data)
  expected <- rowSums(as.matrix(fit$exp))
  degrees <- sum(expected > 0) - 1
  c(if (degrees > 0) fit$chisq else NA, if (degrees > 0) degrees else NA, length(fit$na.action))
}
gray <- function(d) {
  codes <- match(d$cause, c("", sort(unique(d$cause[d$cause != ""])))) - 1
  found <- cuminc(d$time, codes, d$site)
  statistic <- found$Tests[1, "stat"] # -1: none
  c(if (statistic < 0) NA else statistic, found$Tests[1, "df"], sum(is.na(d$site)))
}
model <- function(formula, data, term) {
  fit <- coxph(formula, data)
  c(coef(fit)[[term]], NA, length(fit$na.action))
}
cohorts <- list(sound = d, one_time = transform(d, time = ifelse(event == 1, 50, 80)),
  no_events = transform(d, event = 0, cause = ""), one_cause = transform(d, cause = ifelse(event == 1, "tumour", "")),
  censored_lung = transform(d, event = ifelse(site %in% "lung", 0, event),
    cause = ifelse(site %in% "lung", "", cause)),
  early_lung = transform(d, time = ifelse(site %in% "lung", 1, time + 2),
    event = ifelse(site %in% "lung", 0, event), cause = ifelse(site %in% "lung", "", cause)))
for (name in names(cohorts)) {
  each <- cohorts[[name]]
  add(name, "log-rank site", function() log_rank(Surv(time, event) ~ site, each))
  add(name, "log-rank single", function() log_rank(Surv(time, event) ~ single, each))
  add(name, "log-rank arm by site", function() log_rank(Surv(time, event) ~ arm + strata(site), each))
  add(name, "gray site", function() gray(each))
  add(name, "cox age", function() model(Surv(time, event) ~ age, each, 1))
  add(name, "cox smoker", function() model(Surv(time, event) ~ smoker, each, 1))
  add(name, "cox start", function() model(Surv(time, event) ~ start, each, 1))
  add(name, "cox age of age, site", function() model(Surv(time, event) ~ age + site, each, 1))
  add(name, "cox age by site", function() model(Surv(time, event) ~ age + strata(site), each, 1))
  add(name, "zph age", function() {
    test <- cox.zph(coxph(Surv(time, event) ~ age, each))$table["age", ]
    c(test[["chisq"]], test[["df"]], NA)
  })
}
write.csv(rows, "degenerate_tests.csv", row.names = FALSE, na = "", quote = TRUE)
