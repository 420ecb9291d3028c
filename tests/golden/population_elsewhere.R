# Other cohorts and a life table by race: what survexp, pyears and relsurv say of them.
# Usage: Rscript population_elsewhere.R (survival 3.5-3, relsurv 2.2-9); writes
# population_elsewhere_*.csv here.
suppressMessages({library(survival); library(relsurv)})
full <- function(x) format(x, digits = 15, trim = TRUE)
say <- function(frame, name) {
  write.csv(frame, paste0("population_elsewhere_", name, ".csv"), row.names = FALSE, quote = FALSE)
}
made <- function(cohort, time, event, age, sex, start) {
  n <- length(time)
  data.frame(cohort = cohort, time = round(time), event = event, age = age,
             sex = sex, race = sample(c("white", "black"), n, TRUE), start = start)
}
# Races, and starts where the data have none, are drawn: the sets do not hold them.
set.seed(1123)
deaths <- subset(colon, etype == 2)
d <- rbind(
  made("colon", deaths$time, deaths$status, deaths$age, ifelse(deaths$sex == 1, "male", "female"),
       as.Date("1984-03-01") + sample(0:1400, nrow(deaths), TRUE)),
  made("rotterdam", rotterdam$dtime, rotterdam$death, rotterdam$age, "female",
       as.Date(paste0(rotterdam$year, "-07-01"))),
  made("lung", lung$time, lung$status - 1, lung$age, ifelse(lung$sex == 1, "male", "female"),
       as.Date("1990-01-01") + sample(0:900, nrow(lung), TRUE))
)
# Late entry into lung: for pyears, which knows it.
d$entry <- ifelse(d$cohort == "lung", pmin(sample(0:300, nrow(d), TRUE), d$time - 1), 0)
say(d, "cohorts")

# The table as q, from the ages and years in use; survexp.usr turns its years to the birthday.
n <- dimnames(survexp.usr)
g <- expand.grid(age = as.integer(n[[1]]), sex = n[[2]], race = n[[3]], year = as.integer(n[[4]]))
g$q <- format(-expm1(-365.25 * as.vector(survexp.usr)), digits = 12, trim = TRUE)
say(subset(g, age >= 18 & year >= 1976)[c("year", "age", "sex", "race", "q")], "usr")

expected <- deaths <- net <- NULL
at <- c(0.5, 1, 2, 5, 8)
for (name in unique(d$cohort)) {
  x <- d[d$cohort == name, ]
  last <- max(x$time)
  years <- at[at * 365.25 <= last]
  # Ages are whole: their birthday is the day of the start.
  for (method in c("ederer", "hakulinen", "conditional")) {
    call <- if (method == "ederer") ~1 else time ~ 1
    fit <- survexp(call, data = x, times = years * 365.25, method = method, ratetable = survexp.usr,
                   rmap = list(age = age * 365.25, sex = sex, race = race, year = start))
    expected <- rbind(expected, data.frame(cohort = name, method = method, years = years,
                                           estimate = full(fit$surv)))
  }
  late <- x[x$time > x$entry, ]
  fit <- pyears(Surv(entry, time, event) ~ race, data = late, ratetable = survexp.usr, scale = 1,
    rmap = list(age = age * 365.25, sex = sex, race = race, year = start))
  deaths <- rbind(deaths, data.frame(cohort = name, race = names(fit$event), days = fit$pyears,
                                     observed = fit$event, expected = full(fit$expected)))
  for (method in c("pohar-perme", "ederer2", "ederer1")) for (every in c(FALSE, TRUE)) {
    if (every && method != "pohar-perme") next
    arguments <- list(Surv(time, event) ~ 1, data = x, ratetable = survexp.usr, method = method,
      precision = 1, rmap = quote(list(age = age * 365.25, sex = sex, race = race, year = start)))
    arguments$add.times <- if (every) seq_len(last) else years * 365.25
    fit <- do.call(rs.surv, arguments)
    s <- summary(fit, times = years * 365.25)
    net <- rbind(net, data.frame(cohort = name, method = method, every_day = every, years = years,
                                 estimate = full(s$surv), std_err = full(s$std.err)))
  }
}
say(expected, "expected")
say(deaths, "deaths")
say(net, "net")

# Fractions of days: relsurv's last step before somebody leaves is then shorter.
x <- d[d$cohort == "lung", ][1:120, ]
x$time <- x$time + sample(c(0, 0.25, 0.5), nrow(x), TRUE)
say(x, "fractions")
rows <- NULL
for (method in c("pohar-perme", "ederer2")) {
  fit <- rs.surv(Surv(time, event) ~ 1, data = x, ratetable = survexp.usr, method = method,
    precision = 1, rmap = list(age = age * 365.25, sex = sex, race = race, year = start),
    add.times = c(0.5, 1, 2) * 365.25)
  s <- summary(fit, times = c(0.5, 1, 2) * 365.25)
  rows <- rbind(rows, data.frame(method = method, years = c(0.5, 1, 2), estimate = full(s$surv),
                                 std_err = full(s$std.err)))
}
say(rows, "fractions_net")
