"""What JSON may hold that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "json": [
        Unread("Comments, trailing commas, quotes other than double (JSON5)", "kept raw", "the records that contain them", "RFC 8259, 2"),
        Unread("NaN and Infinity", "kept raw", "the records that contain them", "RFC 8259, 6"),
        Unread("An object with two members of the same name", "kept raw", "one of the two would be lost", "RFC 8259, 4"),
        Unread("Halves of surrogate pairs", "kept raw", "they are not valid text", "RFC 8259, 8.2"),
        Unread("Records of more than 64 MiB", "refused", "if the record is really a list of records, name the list in `records`"),
    ],
}  # fmt: skip
