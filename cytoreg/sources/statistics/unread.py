"""What files of statistical programs may hold that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "sas": [
        Unread("Labels of ranges, `OTHER`, pictures and functions in a catalog", "as text", "the code lands; the end of a range may land as its label", "PROC FORMAT"),
        Unread("CPORT files", "refused", "use the XPORT engine", "PROC CPORT"),
        Unread("Deleted records that are still in a .sas7bdat", "as text", "they land like the others: copy the data set before delivery"),
        Unread("Data sets with a password or encrypted", "refused", "deliver them without password and unencrypted", "ENCRYPT=AES"),
        Unread("Views, indexes, audit trails, generations", "refused", "deliver data sets", "SAS 9.4"),
        Unread("Labels of variables and of data sets", "ignored", "variable names are the headings"),
        Unread("Numbers under formats that are not SAS's own", "as text", "the number lands"),
    ],
    "spss": [
        Unread("Files with a password", "refused", "save them without one", "SPSS 21 and later"),
        Unread("Weights, split files, case filters", "ignored", "every case lands"),
        Unread("Multiple response sets", "as text", "each variable lands separately", "record 7, subtype 7 and 19"),
        Unread("Labels of variables and of files", "ignored", "variable names are the headings"),
        Unread("Ranges of user-missing values", "as text", "the value itself: a rule decides what it means"),
        Unread("The number of records and the encoding of a .por file", "ignored", "it states neither: deliver .sav"),
    ],
    "stata": [
        Unread("Times with leap seconds (`%tC`)", "as text", "the number lands"),
        Unread("Business calendars (`%tb`)", "as text", "the number lands"),
        Unread("Notes and characteristics", "ignored", "put the information into a variable"),
        Unread("Labels of variables and of files", "ignored", "variable names are the headings"),
        Unread("Files before version 5", "refused", "save them in a newer version"),
    ],
}  # fmt: skip
