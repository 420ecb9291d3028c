# Expected, relative and net survival: inputs, life tables and what R says of them.
# Usage: Rscript population.R (survival 3.5-3, relsurv 2.2-9); writes population_*.csv here.
suppressMessages({library(survival); library(relsurv)})
say <- function(frame, name) write.csv(frame, paste0("population_", name, ".csv"), row.names = FALSE)
full <- function(x) format(x, digits = 15, trim = TRUE)

# Cohorts: mgus2, from mid-year of diagnosis; rdata of relsurv.
m <- mgus2
m$start <- as.Date(paste0(m$dxyr, "-07-01"))
m$days <- round(m$futime * 30.4375)
m$days[m$days == 0] <- 1
say(data.frame(time = m$days, event = m$death, age = m$age, sex = as.character(m$sex),
               start = m$start), "mgus2")
data(rdata)
r <- data.frame(time = rdata$time, event = rdata$cens, age = rdata$age,
                sex = ifelse(rdata$sex == 1, "M", "F"), start = as.Date("1960-01-01") + as.integer(rdata$year))
say(r, "rdata")

# Life tables: daily hazards, from the ages and years that the cohorts need.
keep <- function(table, ages, columns, years, name) {
  grid <- expand.grid(age = ages, sex = c("M", "F"), column = columns)
  sexes <- if (identical(dimnames(table)[[2]], c("male", "female"))) 2 else 3
  grid$hazard <- apply(grid, 1, function(g) {
    a <- as.integer(g["age"]) + 1; s <- ifelse(g["sex"] == "M", 1, 2); y <- as.integer(g["column"])
    if (sexes == 2) table[a, s, y] else table[a, y, s]
  })
  grid$year <- years[match(grid$column, columns)]
  grid$hazard <- format(grid$hazard, digits = 11, trim = TRUE)
  say(grid[c("year", "sex", "age", "hazard")], name)
}
us <- as.integer(dimnames(survexp.us)[[3]])
keep(survexp.us, 20:109, which(us >= 1958), us[us >= 1958], "us")
cuts <- as.integer(format(as.Date("1960-01-01") + as.integer(attr(slopop, "cutpoints")[[2]]), "%Y"))
chosen <- which(cuts >= 1980)
keep(slopop, 0:103, chosen, cuts[chosen], "slopop")

# Expected survival of mgus2.
at <- c(1, 5, 10, 20) * 365.25
rows <- NULL
for (method in c("ederer", "hakulinen", "conditional")) {
  fit <- if (method == "ederer") survexp(~1, data = m, times = at, method = method, ratetable = survexp.us,
      rmap = list(age = age * 365.25, year = start, sex = sex))
    else survexp(days ~ 1, data = m, times = at, method = method, ratetable = survexp.us,
      rmap = list(age = age * 365.25, year = start, sex = sex))
  rows <- rbind(rows, data.frame(method = method, years = at / 365.25, estimate = full(fit$surv)))
}
say(rows, "expected")
p <- pyears(Surv(days, death) ~ sex, data = m, ratetable = survexp.us,
            rmap = list(age = age * 365.25, year = start, sex = sex))
say(data.frame(sex = names(p$event), observed = p$event, expected = full(p$expected)), "deaths")

# Relative and net survival of rdata, at 1, 5 and 10 years of 365.241 days, with the population's
# mortality since somebody left last (add.times).
at <- c(1, 5, 10) * 365.241
rows <- NULL
for (method in c("pohar-perme", "ederer2", "ederer1")) for (precision in c(1, 0.01)) {
  if (method == "ederer1" && precision < 1) next
  fit <- rs.surv(Surv(time, cens) ~ 1, data = rdata, ratetable = slopop, method = method,
                 precision = precision, rmap = list(age = age * 365.241), add.times = at)
  s <- summary(fit, times = at)
  rows <- rbind(rows, data.frame(method = method, precision = precision, days = at,
                                 estimate = full(s$surv), std_err = full(s$std.err)))
}
say(rows, "net")

# Many patients, so that somebody leaves every day: then relsurv's steps are days.
set.seed(2017)
n <- 6000
big <- data.frame(sex = sample(1:2, n, TRUE), age = runif(n, 40, 80) * 365.241)
big$year <- as.date(9132L + sample(0:2500, n, TRUE))  # days since 1960; from 1985-01-01
death <- rexp(n, 1 / 2200); end <- runif(n, 1, 1900)
big$time <- ceiling(pmin(death, end)); big$cens <- as.integer(death <= end)
big$age <- round(big$age)
say(data.frame(time = big$time, event = big$cens, age_days = big$age, sex = ifelse(big$sex == 1, "M", "F"),
               start = as.Date("1960-01-01") + as.integer(big$year)), "many")
rows <- NULL
for (method in c("pohar-perme", "ederer2", "ederer1")) {
  fit <- rs.surv(Surv(time, cens) ~ 1, data = big, ratetable = slopop, method = method, precision = 1,
                 rmap = list(age = age))
  s <- summary(fit, times = c(365, 1095, 1461))
  rows <- rbind(rows, data.frame(method = method, days = c(365, 1095, 1461), estimate = full(s$surv),
                                 std_err = full(s$std.err)))
}
say(rows, "many_net")

# Crude mortality of rdata (Cronin and Feuer), on whole days.
fit <- cmp.rel(Surv(time, cens) ~ 1, data = rdata, ratetable = slopop, rmap = list(age = age * 365.241))
s <- summary(fit, times = c(365, 1826, 3652), scale = 1)
say(data.frame(cause = rep(c("disease", "other"), 3), days = rep(c(365, 1826, 3652), each = 2),
               estimate = full(as.vector(s$est)), variance = full(as.vector(s$var))), "crude")

# Years lost by rdata, in years of 365.241 days.
y <- years(Surv(time, cens) ~ 1, data = rdata, ratetable = slopop, rmap = list(age = age * 365.241),
           precision = 1, is.boot = FALSE)$years
at <- c(365, 1826, 3652)
say(data.frame(days = at, years = full(y$est[match(at, y$time)])), "years")
