# relsurv's colrec beside slopop: net survival by age group at the time asked for, the test of net
# survival, excess hazards.
# Usage: Rscript population_colrec.R (survival 3.5-3, relsurv 2.2-9); writes population_colrec*.csv.
suppressMessages({library(survival); library(relsurv)})
full <- function(x) format(x, digits = 15, trim = TRUE)
say <- function(frame, name) {
  write.csv(frame, paste0("population_colrec", name, ".csv"), row.names = FALSE, quote = FALSE)
}
data(colrec); data(rdata)
colrec$group <- cut(colrec$age / 365.241, c(-1, 45, 55, 65, 75, 200), right = FALSE, labels = FALSE)
say(data.frame(time = colrec$time, event = colrec$stat, age_days = colrec$age,
               sex = ifelse(colrec$sex == 1, "M", "F"), site = colrec$site,
               start = as.Date("1960-01-01") + as.integer(colrec$diag)), "")

# Pohar Perme at 1, 5, 10 years of 365.241 days: these alone are added, or every whole day, of which
# the last before is shown.
at <- c(1, 5, 10) * 365.241
rows <- NULL
for (group in 1:5) for (every in c(FALSE, TRUE)) {
  fit <- rs.surv(Surv(time, stat) ~ 1, data = colrec[colrec$group == group, ], ratetable = slopop,
                 rmap = list(age = age, sex = sex, year = diag), precision = 1,
                 add.times = if (every) seq_len(4500) else at)
  s <- summary(fit, times = at)
  rows <- rbind(rows, data.frame(group = group, every_day = every, days = at, estimate = full(s$surv),
                                 std_err = full(s$std.err)))
}
say(rows, "_net")

# Graffeo's test: by site, stratified by sex, of five age groups; and of rdata by sex.
one <- function(name, call, data, map) {
  fit <- do.call(rs.diff, list(call, data = data, ratetable = slopop, rmap = map))
  data.frame(test = name, statistic = full(as.numeric(fit$test.stat)), degrees = fit$df)
}
map <- quote(list(age = age, sex = sex, year = diag))
say(rbind(
  one("site", Surv(time, stat) ~ site, colrec, map),
  one("site within sex", Surv(time, stat) ~ site + strata(sex), colrec, map),
  one("group", Surv(time, stat) ~ group, colrec, map),
  one("rdata sex", Surv(time, cens) ~ sex, rdata, quote(list(age = age * 365.241)))
), "_tests")

# Piecewise constant excess hazard in five yearly intervals: maximum likelihood, and Poisson.
colrec$male <- as.integer(colrec$sex == 1)
colrec$agec <- (colrec$age / 365.241 - 60) / 10
colrec$rectum <- as.integer(colrec$site == "rectum")
rows <- NULL
for (method in c("max.lik", "glm.poi")) {
  fit <- rsadd(Surv(time, stat) ~ male + agec + rectum, data = colrec, ratetable = slopop, int = 5,
               method = method, rmap = list(age = age, sex = sex, year = diag))
  rows <- rbind(rows, data.frame(method = method, term = gsub(",", " to ", names(coef(fit))), estimate = full(coef(fit)),
                                 std_err = full(summary(fit)$coefficients[, 2])))
}
say(rows, "_excess")
