# Golden values of the Kaplan-Meier estimate, by R's own survival package.
# Run in this folder: Rscript kaplan_meier.R
# Writes kaplan_meier_input.csv (rows that this script makes up; `lung` is survival's own data and is
# not copied here), kaplan_meier_curve.csv, kaplan_meier_median.csv and kaplan_meier_landmark.csv.
# Empty cells are R's NA or NaN. Made with R 4.2.2 and survival 3.5-3.
suppressMessages(library(survival))

rows <- function(case, time, event, count = 1, stratum = "all") {
  data.frame(case = case, stratum = stratum, time = time, event = event, count = count)
}
set.seed(20261123)
n <- 240
made <- rbind(
  rows("ties", c(5, 5, 5, 8, 8, 12, 12, 12, 20, 20), c(1, 1, 0, 1, 0, 1, 1, 0, 1, 0)),
  rows("weights", c(3, 3, 7, 7, 11, 15, 30), c(1, 0, 1, 0, 1, 1, 0), c(4, 9, 12, 3, 40, 1, 25)),
  rows("all censored", c(10, 20, 20, 35), 0),
  rows("all died", c(1, 2, 3, 4), 1),
  rows("one patient who died", 9, 1),
  rows("one patient censored", 9, 0),
  rows("median on a flat stretch", c(10, 20, 30, 40, 50, 60), c(1, 1, 1, 0, 1, 1)),
  rows("flat at a half to the end", c(1, 2, 3, 4), c(1, 1, 0, 0)),
  rows("deaths on day 0", c(0, 0, 3, 4, 9, 9), c(1, 0, 0, 1, 1, 0)),
  rows("median not reached", c(5, 6, 7, 8, 9, 10, 11, 12), c(1, 0, 0, 1, 0, 0, 0, 0)),
  rows("censored before the first death", c(2, 4, 6, 8, 10), c(0, 1, 1, 0, 1)),
  rows(
    "three strata",
    pmin(ceiling(rexp(n, rep(c(1 / 900, 1 / 400, 1 / 150), length.out = n))), 1200),
    rbinom(n, 1, 0.7), sample(1:6, n, replace = TRUE),
    rep(c("a", "b", "c"), length.out = n)
  )
)
write.csv(made, "kaplan_meier_input.csv", row.names = FALSE, quote = FALSE)

sets <- split(made, paste(made$case, made$stratum, sep = "|"))
sets[["lung|all"]] <- with(lung, rows("lung", time, status - 1))
for (s in 1:2) {
  sets[[paste0("lung|", s)]] <- with(
    lung[lung$sex == s, ], rows("lung", time, status - 1, stratum = as.character(s))
  )
}
sets <- sets[order(names(sets))]

curve <- median <- landmark <- NULL
for (set in sets) {
  for (interval in c("log-log", "log", "plain")) {
    fit <- survfit(Surv(time, event) ~ 1, data = set, weights = count, conf.type = interval)
    key <- data.frame(case = set$case[1], stratum = set$stratum[1], interval = interval)
    if (set$case[1] != "lung") curve <- rbind(curve, cbind(key, data.frame( # lung: landmarks do
      time = fit$time, at_risk = fit$n.risk, events = fit$n.event, censored = fit$n.censor,
      survival = fit$surv, std_err = fit$surv * fit$std.err, lower = fit$lower, upper = fit$upper
    )))
    table <- summary(fit)$table
    median <- rbind(median, cbind(key, data.frame(
      estimate = table[["median"]], lower = table[["0.95LCL"]], upper = table[["0.95UCL"]]
    )))
    last <- max(fit$time)
    times <- sort(unique(c(min(fit$time), round(last * c(0.1, 0.25, 0.5, 0.9)), 365, last)))
    at <- summary(fit, times = times[times > 0 & times <= last])
    landmark <- rbind(landmark, cbind(key, data.frame(
      time = at$time, at_risk = at$n.risk, survival = at$surv, std_err = at$std.err,
      lower = at$lower, upper = at$upper
    )))
  }
}
save <- function(values, name) {
  number <- vapply(values, is.numeric, logical(1))
  values[number] <- lapply(values[number], function(x) {
    ifelse(is.finite(x), formatC(x, digits = 15, format = "g", width = 1), "")
  })
  write.csv(values, name, row.names = FALSE, quote = FALSE)
}
save(curve, "kaplan_meier_curve.csv")
save(median, "kaplan_meier_median.csv")
save(landmark, "kaplan_meier_landmark.csv")
