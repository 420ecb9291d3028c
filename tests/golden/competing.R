# Golden values of cumulative incidences and Gray's test, by R's survival and cmprsk packages.
# Run in this folder: Rscript competing.R
# Writes competing_data_*.csv (mgus2, colon and pbc are survival's own data, `made` and `late` are
# made up here), competing_{curve,gray}.csv, and competing_small*.csv. Event 0: censored. Empty cells
# are R's NA. Made with R 4.2.2, survival 3.5-3 and cmprsk 2.2-11.
suppressMessages(library(survival))
suppressMessages(library(cmprsk))
options(digits = 17)
invisible(Sys.setlocale("LC_COLLATE", "C"))

write <- function(name, rows) {
  write.csv(rows, paste0("competing_", name, ".csv"), row.names = FALSE, na = "", quote = FALSE)
}

# --- the cohorts ---------------------------------------------------------------------------------
# mgus2: progression to plasma cell malignancy (1), death before it (2); whole months, many ties
mgus2 <- with(survival::mgus2, data.frame(time_days = ifelse(pstat == 1, ptime, futime),
  event = ifelse(pstat == 1, 1, 2 * death), sex = as.character(sex),
  age_group = as.character(cut(age, c(0, 60, 70, 80, 120), c("a", "b", "c", "d")))))
# colon: first of recurrence (1) and death without it (2)
recurrence <- subset(survival::colon, etype == 1)
death <- subset(survival::colon, etype == 2)
stopifnot(identical(recurrence$id, death$id))
colon <- data.frame(time_days = recurrence$time,
  event = ifelse(recurrence$status == 1, 1, 2 * (death$status & death$time <= recurrence$time)),
  rx = as.character(recurrence$rx), sex = as.character(recurrence$sex))
# pbc: transplant (1), death (2)
pbc <- with(survival::pbc, data.frame(time_days = time, event = status,
  stage = paste0("s", stage), edema = paste0("e", edema)))
# three causes, ties, events at time 0, a group where nobody has cause 2, one of a single patient
set.seed(20261123)
n <- 160
made <- data.frame(time_days = floor(rexp(n, 1 / 9)), event = sample(0:3, n, TRUE, c(3, 3, 2, 1)),
  arm = sample(c("a", "b", "c"), n, replace = TRUE), site = sample(c("x", "y"), n, replace = TRUE),
  weight = round(runif(n, 0.2, 3), 2))
made$event[made$arm == "c" & made$event == 2] <- 0
made <- rbind(made, data.frame(time_days = 4, event = 1, arm = "d", site = "x", weight = 1.5))
# delayed entry, with a risk set of few early and nobody between 3 and 5
late <- data.frame(entry_days = rbinom(n, 1, 0.6) * floor(runif(n, 0, 30)))
late$time_days <- late$entry_days + ceiling(rexp(n, 1 / 20))
late$event <- sample(0:2, n, TRUE)
late$weight <- round(runif(n, 0.2, 3), 2)
late$arm <- sample(c("a", "b"), n, replace = TRUE)
late <- rbind(
  data.frame(entry_days = 0, time_days = c(1, 2, 3), event = c(1, 2, 0), weight = c(0.5, 1.5, 2),
    arm = "a"),
  transform(late, entry_days = entry_days + 5, time_days = time_days + 5))
cohorts <- list(mgus2 = mgus2, colon = colon, pbc = pbc, made = made, late = late)
for (name in names(cohorts)) write(paste0("data_", name), cohorts[[name]])
without <- function(d) d[setdiff(names(d), "weight")]
cohorts$made_unweighted <- without(made)
cohorts$late_unweighted <- without(late)

# --- curves: survfit's infinitesimal jackknife, and for cohorts it can take cuminc's variance ------
strata <- list(mgus2 = "sex", colon = "rx", pbc = NULL, made = "arm", made_unweighted = "arm",
  late = "arm", late_unweighted = "arm")
curve <- NULL
for (name in names(cohorts)) {
  d <- cohorts[[name]]
  causes <- sort(setdiff(unique(d$event), 0))
  groups <- if (is.null(strata[[name]])) rep("all", nrow(d)) else as.character(d[[strata[[name]]]])
  for (group in sort(unique(groups))) for (interval in c("log-log", "log", "plain")) {
    part <- d[groups == group, ]
    w <- if ("weight" %in% names(d)) part$weight else rep(1, nrow(part))
    code <- factor(part$event, c(0, causes))
    id <- seq_len(nrow(part))
    fit <- if ("entry_days" %in% names(d)) {
      survfit(Surv(part$entry_days, part$time_days, code) ~ 1, weights = w, id = id,
        conf.type = interval)
    } else survfit(Surv(part$time_days, code) ~ 1, weights = w, conf.type = interval)
    theirs <- if (any(c("entry_days", "weight") %in% names(d))) NULL else
      cuminc(part$time_days, part$event)
    rows <- unique(round(seq(1, length(fit$time), length.out = 25)))
    for (k in seq_along(causes)) {
      aalen <- NA
      if (paste("1", causes[k]) %in% names(theirs)) {
        found <- theirs[[paste("1", causes[k])]]
        last <- findInterval(fit$time[rows], found$time)
        aalen <- ifelse(last == 0, 0, found$var[pmax(last, 1)])
      }
      curve <- rbind(curve, data.frame(cohort = name, stratum = group, interval = interval,
        cause = causes[k], time = fit$time[rows], at_risk = fit$n.risk[rows, 1],
        incidence = fit$pstate[rows, k + 1], std_err = fit$std.err[rows, k + 1],
        lower = fit$lower[rows, k + 1], upper = fit$upper[rows, k + 1], aalen = aalen))
    }
  }
}
write("curve", curve)

# --- Gray's test ---------------------------------------------------------------------------------
gray <- NULL
test <- function(name, by, stratum = NULL, rho = 0) {
  d <- cohorts[[name]]
  d <- d[complete.cases(d[c(by, stratum)]), ]
  found <- if (is.null(stratum)) cuminc(d$time_days, d$event, d[[by]], rho = rho) else
    cuminc(d$time_days, d$event, d[[by]], d[[stratum]], rho = rho)
  gray <<- rbind(gray, data.frame(cohort = name, by = by,
    strata = if (is.null(stratum)) "" else stratum, rho = rho, cause = rownames(found$Tests),
    statistic = found$Tests[, "stat"], p_value = found$Tests[, "pv"], degrees = found$Tests[, "df"]))
}
for (rho in c(0, 1, -0.5)) {
  test("mgus2", "sex", rho = rho)
  test("mgus2", "age_group", rho = rho)
  test("colon", "rx", rho = rho)
  test("pbc", "stage", rho = rho)
  test("made_unweighted", "site", rho = rho)
}
test("mgus2", "age_group", "sex")
test("mgus2", "sex", "age_group", 1)
test("colon", "rx", "sex")
test("pbc", "edema", "stage")
test("made_unweighted", "arm")
test("made_unweighted", "arm", "site")
test("made_unweighted", "site", "arm")
write("gray", gray)

# Little cohorts: ties, groups that die out, groups without events. cmprsk says -1 where there is no test.
set.seed(5)
small <- small_gray <- NULL
for (number in 1:60) {
  n <- sample(4:30, 1)
  d <- data.frame(number = number, time_days = sample(0:sample(3:12, 1), n, TRUE),
    event = sample(0:2, n, TRUE), arm = sample(letters[1:sample(2:4, 1)], n, TRUE),
    site = sample(c("x", "y"), n, TRUE))
  if (length(unique(d$arm)) < 2 || !any(d$event > 0)) next
  small <- rbind(small, d)
  for (stratum in c("", "site")) {
    found <- try(if (stratum == "") cuminc(d$time_days, d$event, d$arm) else
      cuminc(d$time_days, d$event, d$arm, d$site), silent = TRUE)
    if (inherits(found, "try-error")) next  # a variance that is no number
    small_gray <- rbind(small_gray, data.frame(number = number, strata = stratum,
      cause = rownames(found$Tests), statistic = found$Tests[, "stat"],
      degrees = found$Tests[, "df"]))
  }
}
write("small", small)
write("small_gray", small_gray)
