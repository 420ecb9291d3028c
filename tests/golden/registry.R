# What registries publish, of R's own data: follow-up, conditional survival, differences of
# restricted means, recurrent events, predictions, Fine and Gray.
# Usage: Rscript registry.R (survival 3.5-3, cmprsk 2.2-11); writes registry_*.csv here.
suppressMessages(library(survival))
full <- function(x) format(x, digits = 15, trim = TRUE)
say <- function(frame, name) {
  write.csv(frame, paste0("registry_", name, ".csv"), row.names = FALSE, quote = FALSE)
}
rows <- function(name, values, of) data.frame(data = name, what = of, value = full(values))

# Median follow-up: the censored have the event.
found <- NULL
for (type in c("log", "log-log")) {
  fit <- survfit(Surv(time, status == 1) ~ 1, data = lung, conf.type = type)
  found <- rbind(found, data.frame(interval = type, t(summary(fit)$table[c("median", "0.95LCL", "0.95UCL")])))
}
names(found) <- c("interval", "estimate", "lower", "upper")
say(found, "follow_up")

# Conditional on having survived a year.
deaths <- subset(colon, etype == 2)
s <- summary(survfit(Surv(time, status) ~ 1, data = deaths, start.time = 365.25), times = c(2, 5, 8) * 365.25)
say(data.frame(years = c(2, 5, 8), at_risk = s$n.risk, estimate = full(s$surv), std_err = full(s$std.err)), "conditional")

# Restricted means of two arms.
t <- summary(survfit(Surv(futime, fustat) ~ rx, data = ovarian), rmean = 600)$table
say(data.frame(rx = 1:2, mean = full(t[, "rmean"]), std_err = full(t[, "se(rmean)"])), "means")
say(ovarian[c("futime", "fustat", "rx")], "ovarian")

# Recurrent infections, by person.
cgd$arm <- as.character(cgd$treat)
say(cgd[c("id", "tstart", "tstop", "status", "arm", "age", "steroids")], "cgd")
found <- NULL
for (ties in c("efron", "breslow")) {
  fit <- coxph(Surv(tstart, tstop, status) ~ treat + age + steroids, data = cgd, cluster = id, ties = ties)
  found <- rbind(found, data.frame(ties = ties, term = c("arm", "age", "steroids"), coefficient = full(coef(fit)),
    std_err = full(sqrt(diag(fit$var))), naive = full(sqrt(diag(fit$naive.var)))))
}
say(found, "clusters")

# Predictions of a Cox model.
complete <- na.omit(lung[c("time", "status", "age", "sex", "ph.ecog")])
say(complete, "lung")
fit <- coxph(Surv(time, status) ~ age + sex + ph.ecog, data = complete)
who <- data.frame(age = c(60, 75), sex = c(1, 2), ph.ecog = c(1, 2))
s <- summary(survfit(fit, newdata = who), times = c(100, 365, 700))
say(data.frame(days = rep(c(100, 365, 700), 2), person = rep(1:2, each = 3), estimate = full(as.vector(s$surv)),
               std_err = full(as.vector(s$std.err))), "predicted")
all <- summary(survfit(fit, newdata = complete), times = c(100, 365, 700))$surv
base <- basehaz(fit, centered = FALSE)
uno <- concordance(fit, timewt = "n/G2")
say(rbind(rows("lung", rowMeans(all), c("mean 100", "mean 365", "mean 700")),
          rows("lung", concordance(fit)$concordance, "harrell"), rows("lung", uno$concordance, "uno"),
          rows("lung", sqrt(concordance(fit)$var), "harrell se"),
          rows("lung", base$hazard[match(310, base$time)], "hazard 310")), "figures")

# Fine and Gray.
m <- mgus2
m$etime <- ifelse(m$pstat == 0, m$futime, m$ptime)
m$event <- ifelse(m$pstat == 0, 2 * m$death, 1)
m$male <- as.integer(m$sex == "M")
m <- na.omit(m[c("id", "etime", "event", "age", "male", "mspike")])
say(m, "mgus2")
m$state <- factor(m$event, 0:2, c("censored", "pcm", "death"))
found <- NULL
for (ties in c("efron", "breslow")) {
  fg <- finegray(Surv(etime, state) ~ ., data = m, etype = "pcm")
  fit <- coxph(Surv(fgstart, fgstop, fgstatus) ~ age + male + mspike, weight = fgwt, data = fg, ties = ties, cluster = id)
  found <- rbind(found, data.frame(ties = ties, term = names(coef(fit)), coefficient = full(coef(fit)),
                                   std_err = full(sqrt(diag(fit$var)))))
}
say(found, "fine_gray")

# The same by cmprsk (2.2-11), whose curve of censoring counts those with an event at its time.
fit <- cmprsk::crr(m$etime, m$event, m[c("age", "male", "mspike")])
say(data.frame(term = names(fit$coef), coefficient = full(fit$coef), std_err = full(sqrt(diag(fit$var)))), "crr")

# Little cohorts full of ties, two strata each, by weights of finegray.
set.seed(6)
small <- data.frame(number = rep(1:12, each = 40), id = 1:480, time_days = sample(1:9, 480, TRUE),
                    event = sample(0:2, 480, TRUE), x = sample(0:4, 480, TRUE), arm = sample(c("a", "b"), 480, TRUE))
say(small, "small")
small$state <- factor(small$event, 0:2)
found <- NULL
for (number in 1:12) for (ties in c("efron", "breslow")) {
  fg <- finegray(Surv(time_days, state) ~ x + id + arm + strata(arm), data = small[small$number == number, ], etype = "1")
  fit <- coxph(Surv(fgstart, fgstop, fgstatus) ~ x + strata(arm), weight = fgwt, data = fg, ties = ties, cluster = id)
  found <- rbind(found, data.frame(number = number, ties = ties, coefficient = full(coef(fit)), std_err = full(sqrt(fit$var[1]))))
}
say(found, "small_fine_gray")

# States of myeloid: remission, transplant (first where both come on a day), death.
d <- tmerge(myeloid[c("id", "trt")], myeloid, id = id, death = event(futime, death), sct = event(txtime), cr = event(crtime))
d$to <- with(d, factor(ifelse(death == 1, 3, ifelse(sct == 1, 2, ifelse(cr == 1, 1, 0))), 0:3, c("none", "CR", "SCT", "death")))
fit <- survfit(Surv(tstart, tstop, to) ~ 1, data = d, id = id)
check <- survcheck(Surv(tstart, tstop, to) ~ 1, data = d, id = id)
d$from <- as.character(check$istate)
say(data.frame(person = d$id, from_state = d$from, to_state = as.character(d$to), entry_days = d$tstart, time_days = d$tstop), "myeloid")
s <- summary(fit, times = c(100, 365, 1000))
say(data.frame(days = rep(s$time, 4), state = rep(s$states, each = 3), probability = full(as.vector(s$pstate)), std_err = full(as.vector(s$std.err))), "states")
