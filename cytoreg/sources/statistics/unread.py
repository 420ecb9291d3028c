"""What files of statistical programs may have and is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "sas": [
        Unread("Labels of ranges, `OTHER`, pictures and functions in a catalog", "as text", "the code lands; the end of a range may land as its label", "PROC FORMAT"),
        Unread("CPORT files", "refused", "use the XPORT engine", "PROC CPORT"),
        Unread("Records that were deleted and still lie in a .sas7bdat", "as text", "they land as others do: copy the data set before delivery"),
        Unread("Data sets with a password or encrypted", "refused", "deliver them without", "ENCRYPT=AES"),
        Unread("Views, indexes, audit trails, generations", "refused", "deliver data sets", "SAS 9.4"),
        Unread("Labels of variables and of data sets", "ignored", "names of variables are the headings"),
        Unread("Numbers under formats that are not SAS's own", "as text", "the number lands"),
    ],
    "spss": [
        Unread("Files with a password", "refused", "save them without one", "SPSS 21 and later"),
        Unread("Weights, split files, filters of cases", "ignored", "every case lands"),
        Unread("Sets of multiple responses", "as text", "each variable lands by itself", "record 7, subtype 7 and 19"),
        Unread("Labels of variables and of files", "ignored", "names of variables are the headings"),
        Unread("Ranges of user-missing values", "as text", "the value itself: a rule decides what it means"),
        Unread("The number of records and the encoding of a .por file", "ignored", "it has neither: deliver .sav"),
    ],
    "stata": [
        Unread("Moments with leap seconds (`%tC`)", "as text", "the number lands"),
        Unread("Business calendars (`%tb`)", "as text", "the number lands"),
        Unread("Notes and characteristics", "ignored", "put what counts into a variable"),
        Unread("Labels of variables and of files", "ignored", "names of variables are the headings"),
        Unread("Files before version 5", "refused", "save them anew"),
    ],
}  # fmt: skip
