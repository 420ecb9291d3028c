"""What JSON may have and is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "json": [
        Unread("Comments, commas at the end, quotes other than double (JSON5)", "kept raw", "the records that have them", "RFC 8259, 2"),
        Unread("NaN and Infinity", "kept raw", "the records that have them", "RFC 8259, 6"),
        Unread("An object with two members of one name", "kept raw", "one of the two would be lost", "RFC 8259, 4"),
        Unread("Halves of surrogate pairs", "kept raw", "no text could hold them", "RFC 8259, 8.2"),
        Unread("Records of more than 64 MiB", "refused", "a list of records is no record: name it in `records`"),
    ],
}  # fmt: skip
