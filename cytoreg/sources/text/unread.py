"""What text in columns may hold that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "csv": [
        Unread("Quotes escaped by a backslash", "kept raw", "a quote is escaped by doubling it", "RFC 4180, 2.7"),
        Unread("Delimiters of several characters, or beyond ASCII", "refused", "`delimiter` is one ASCII character"),
        Unread("Headings in two rows", "counted", "name the lower one in `header`"),
        Unread("Different layouts in one file (a record type in the first field)", "kept raw", "the records with another number of fields"),
        Unread("A change of encoding within a file", "kept raw", "the records with bytes that are invalid in the file's encoding"),
        Unread("Types of columns declared beside the file (CSV on the Web)", "ignored", "the JSON file beside it is not opened; rules check the text", "W3C Tabular Metadata"),
    ],
    "fixed_width": [
        Unread("Layouts that count bytes where a letter takes several", "kept raw", "`start` and `width` count characters"),
        Unread("Records without line ends between them", "refused", "a line has at most one record"),
        Unread("Packed decimals, signs in the last digit, EBCDIC with binary fields (COBOL)", "as text", "their bytes land as letters of the declared encoding", "USAGE COMP-3"),
        Unread("Several layouts in one file", "kept raw", "lines of another length; those of the declared length land"),
    ],
}  # fmt: skip
