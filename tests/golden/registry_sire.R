# Cancer patients and population mortality of popEpi, cut to what a period analysis of 2008 to 2012
# needs at five years. Usage: Rscript registry_sire.R FOLDER (popEpi's sire.rdata, popmort.rdata).
from <- commandArgs(TRUE)[1]
load(file.path(from, "sire.rdata")); load(file.path(from, "popmort.rdata"))
d <- as.data.frame(sire)
d <- d[d$dg_date < d$ex_date & d$ex_date > as.Date("2008-01-01") & d$dg_date > as.Date("2002-12-31"), ]
write.csv(data.frame(time = as.integer(d$ex_date) - as.integer(d$dg_date), event = as.integer(d$status > 0),
                     age_days = as.integer(d$dg_date) - as.integer(d$bi_date), start = as.Date(as.integer(d$dg_date), origin = "1970-01-01")),
          "registry_sire.csv", row.names = FALSE, quote = FALSE)
p <- subset(as.data.frame(popmort), year >= 2002 & sex == 1 & agegroup >= 30)
p$q <- format(-expm1(-p$haz), digits = 12, trim = TRUE)
write.csv(data.frame(year = p$year, age = p$agegroup, sex = "female", q = p$q), "registry_popmort.csv",
          row.names = FALSE, quote = FALSE)
