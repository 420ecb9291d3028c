# Golden values of curves, restricted means, log-rank tests and Cox models, by R's survival package.
# Run in this folder: Rscript cohorts.R
# Writes cohorts_data_*.csv (the cohorts: lung, colon, rotterdam, mgus2 and heart are survival's own
# data, `made` is made up here) and cohorts_{landmark,quantile,median,mean,log_rank,cox,tests,zph}.csv.
# Empty cells are R's NA or NaN. Made with R 4.2.2 and survival 3.5-3.
suppressMessages(library(survival))
options(digits = 17)
invisible(Sys.setlocale("LC_COLLATE", "C"))  # levels in the order of their bytes, as in SQL

write <- function(name, rows) {
  write.csv(rows, paste0("cohorts_", name, ".csv"), row.names = FALSE, na = "", quote = FALSE)
}

# --- the cohorts: time_days, event, and where they have it entry_days and weight -----------------
lung <- subset(survival::lung, !is.na(ph.ecog))
lung <- data.frame(time_days = lung$time, event = lung$status - 1, sex = lung$sex, age = lung$age,
  ecog = lung$ph.ecog)
colon <- subset(survival::colon, etype == 2)
colon <- data.frame(time_days = colon$time, event = colon$status, rx = as.character(colon$rx),
  sex = colon$sex, age = colon$age, obstruct = colon$obstruct, node4 = colon$node4,
  extent = colon$extent)
rotterdam <- with(survival::rotterdam, data.frame(time_days = dtime, event = death, age = age,
  meno = meno, size = as.character(size), grade = grade, nodes = nodes, hormon = hormon))
mgus2 <- with(survival::mgus2, data.frame(entry_days = age * 12, time_days = age * 12 + futime + 0.5,
  event = death, sex = as.character(sex), mspike = mspike, creat = creat))
mgus2 <- na.omit(mgus2)
heart <- with(survival::heart, data.frame(entry_days = start, time_days = stop, event = event,
  age = age, year = year, surgery = surgery, transplant = as.numeric(transplant) - 1))
set.seed(20261124)
n <- 150
made <- data.frame(entry_days = rbinom(n, 1, 0.5) * floor(runif(n, 0, 40)))
made$time_days <- made$entry_days + ceiling(rexp(n, 1 / 30))
made$event <- rbinom(n, 1, 0.6)
made$weight <- round(runif(n, 0.2, 3), 2)
made$x <- round(rnorm(n), 2)
made$arm <- sample(c("a", "b", "c"), n, replace = TRUE)
made$site <- sample(c("north", "south"), n, replace = TRUE)
# nobody is at risk between 3 and 5: the first patients leave before others enter
made <- rbind(data.frame(entry_days = 0, time_days = c(2, 3), event = c(1, 0), weight = c(0.5, 1.5),
  x = c(0.3, -0.2), arm = "a", site = "north"),
  transform(made, entry_days = entry_days + 5, time_days = time_days + 5))
cohorts <- list(lung = lung, colon = colon, rotterdam = rotterdam, mgus2 = mgus2, heart = heart,
  made = made)
for (name in names(cohorts)) write(paste0("data_", name), cohorts[[name]])

# Variants: the same rows without what a cohort has beyond times and events.
weightless <- function(d) d[setdiff(names(d), "weight")]
whole <- function(d) transform(d, weight = ceiling(weight))
cohorts$made_unweighted <- weightless(made)
cohorts$made_whole <- whole(made)
cohorts$made_weighted <- transform(made[setdiff(names(made), "entry_days")])
late <- function(d) "entry_days" %in% names(d)
weights_of <- function(d) if ("weight" %in% names(d)) d$weight else rep(1, nrow(d))
response <- function(d) {
  if (late(d)) Surv(d$entry_days, d$time_days, d$event) else Surv(d$time_days, d$event)
}

# --- curves --------------------------------------------------------------------------------------
strata <- list(lung = "sex", colon = "rx", rotterdam = "size", mgus2 = "sex", heart = NULL,
  made = "arm", made_unweighted = "arm", made_whole = NULL, made_weighted = "arm")
landmark <- quantiles <- medians <- means <- NULL
for (name in names(cohorts)) for (interval in c("log-log", "log", "plain")) {
  d <- cohorts[[name]]
  by <- strata[[name]]
  groups <- if (is.null(by)) rep("all", nrow(d)) else as.character(d[[by]])
  for (group in sort(unique(groups))) {
    part <- d[groups == group, ]
    # R looks at all weights of a call: robust variance if any is a fraction
    w <- weights_of(part)
    fit <- survfit(response(part) ~ 1, weights = w, conf.type = interval)
    key <- data.frame(cohort = name, stratum = group, interval = interval)
    end <- max(part$time_days)
    times <- sort(unique(c(round(end * c(0.05, 0.1, 0.3, 0.5, 0.7, 0.9)), part$time_days[1:5])))
    times <- times[times > min(part$time_days)]
    s <- summary(fit, times = times)
    landmark <- rbind(landmark, cbind(key, data.frame(time = s$time,
      at_risk = if (late(d)) NA else s$n.risk, survival = s$surv, std_err = s$std.err,
      lower = s$lower, upper = s$upper)))
    shares <- c(0.1, 0.25, 0.5, 0.75, 0.9)
    q <- quantile(fit, shares)
    # quantile() searches a band as if it fell everywhere; with delayed entry it may rise, and with
    # robust variance it closes at survival 0. print() searches for the first crossing.
    falls <- function(x) all(diff(x[!is.na(x)]) <= 0) && !any(x[fit$surv == 0] == 0, na.rm = TRUE)
    quantiles <- rbind(quantiles, cbind(key, data.frame(share = shares, estimate = q$quantile,
      lower = if (falls(fit$lower)) q$lower else NA, upper = if (falls(fit$upper)) q$upper else NA,
      falls = falls(fit$lower) && falls(fit$upper))))
    m <- summary(fit)$table
    medians <- rbind(medians, cbind(key, data.frame(estimate = m[["median"]],
      lower = m[["0.95LCL"]], upper = m[["0.95UCL"]])))
    if (interval == "log-log" && !any(w != floor(w))) for (share in c(0.2, 0.6, 0.95)) {
      tau <- round(end * share)
      if (tau <= min(fit$time)) next  # R refuses
      r <- summary(fit, rmean = tau)$table
      means <- rbind(means, data.frame(cohort = name, stratum = group, tau = tau,
        estimate = r[["rmean"]], std_err = r[["se(rmean)"]]))
    }
  }
}
write("landmark", landmark)
write("quantile", quantiles)
write("median", medians)
write("mean", means)

# --- log-rank tests ------------------------------------------------------------------------------
tests <- NULL
test <- function(cohort, by, stratum, rho, formula, data) {
  fit <- survdiff(formula, data = data, rho = rho)
  tests <<- rbind(tests, data.frame(cohort = cohort, by = by, strata = stratum, rho = rho,
    statistic = fit$chisq, degrees = sum(rowSums(cbind(fit$exp)) > 0) - 1, p_value = fit$pvalue,
    observed = paste(rowSums(cbind(fit$obs)), collapse = " "),
    expected = paste(rowSums(cbind(fit$exp)), collapse = " ")))
}
for (rho in c(0, 1, 0.5)) {
  test("lung", "sex", "", rho, Surv(time_days, event) ~ sex, lung)
  test("lung", "sex", "ecog", rho, Surv(time_days, event) ~ sex + strata(ecog), lung)
  test("lung", "ecog", "sex", rho, Surv(time_days, event) ~ ecog + strata(sex), lung)
  test("colon", "rx", "", rho, Surv(time_days, event) ~ rx, colon)
  test("colon", "rx", "extent node4", rho, Surv(time_days, event) ~ rx + strata(extent, node4), colon)
  test("rotterdam", "size", "", rho, Surv(time_days, event) ~ size, rotterdam)
  test("rotterdam", "hormon", "grade", rho, Surv(time_days, event) ~ hormon + strata(grade), rotterdam)
}
write("log_rank", tests)

# --- Cox models ----------------------------------------------------------------------------------
models <- list(
  list("lung", c("age", "sex", "ecog"), NULL), list("lung", "sex", "ecog"),
  list("colon", c("rx", "age", "obstruct", "node4"), NULL),
  list("colon", c("rx", "age"), c("sex", "extent")),
  list("rotterdam", c("age", "size", "nodes", "hormon"), NULL),
  list("rotterdam", c("age", "nodes", "meno"), "grade"),
  list("mgus2", c("sex", "mspike", "creat"), NULL),
  list("heart", c("age", "year", "surgery", "transplant"), NULL),
  list("heart", c("age", "year"), "transplant"),
  list("made", c("x", "arm"), NULL), list("made", c("x", "arm"), "site"),
  list("made_weighted", c("x", "arm"), "site"), list("made_whole", c("x", "arm"), "site"),
  list("made_unweighted", c("x", "arm"), "site"))
coefficients <- overall <- zph <- NULL
for (i in seq_along(models)) for (ties in c("efron", "breslow")) {
  m <- models[[i]]
  d <- cohorts[[m[[1]]]]
  d$w <- weights_of(d)
  right <- paste(m[[2]], collapse = " + ")
  if (length(m[[3]])) right <- paste0(right, " + strata(", paste(m[[3]], collapse = ", "), ")")
  left <- if (late(d)) "Surv(entry_days, time_days, event)" else "Surv(time_days, event)"
  fit <- coxph(as.formula(paste(left, "~", right)), data = d, weights = w, ties = ties)
  s <- summary(fit)
  key <- data.frame(cohort = m[[1]], covariates = paste(m[[2]], collapse = " "),
    strata = paste(m[[3]], collapse = " "), ties = ties)
  p <- ncol(s$coefficients)
  coefficients <- rbind(coefficients, cbind(key, data.frame(term = rownames(s$coefficients),
    coefficient = coef(fit), std_err = sqrt(diag(vcov(fit))), z = s$coefficients[, "z"],
    p_value = s$coefficients[, p], lower = s$conf.int[, 3], upper = s$conf.int[, 4])))
  overall <- rbind(overall, cbind(key, data.frame(null = fit$loglik[1], model = fit$loglik[2],
    ratio = s$logtest[["test"]], wald = fit$wald.test, score = fit$score)))
  for (transform in c("km", "rank", "identity", "log")) {
    z <- tryCatch(cox.zph(fit, transform = transform)$table, error = function(e) NULL)
    if (is.null(z)) {
      cat("no test:", unlist(key), transform, "\n")  # R's solve refuses what is nearly singular
      next
    }
    zph <- rbind(zph, cbind(key, data.frame(transform = transform, covariate = rownames(z),
      statistic = z[, "chisq"], degrees = z[, "df"], p_value = z[, "p"])))
  }
}
write("cox", coefficients)
write("tests", overall)
write("zph", zph)
