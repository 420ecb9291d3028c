"""What files in CDISC's formats may have and is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "dataset_json": [
        Unread("Version 1.0", "refused", "deliver version 1.1", "CDISC Dataset-JSON 1.0"),
        Unread("Compressed Dataset-JSON (.dsjc)", "refused", "deliver NDJSON, as .gz if it shall be small", "CDISC Compressed Dataset-JSON 1.1"),
        Unread("`dataType`, `targetDataType`, `displayFormat`, `length`", "as text", "a value lands as it is written: a schema says its type", "CDISC Dataset-JSON 1.1, Column Metadata"),
        Unread("`label`, `keySequence`, `metaDataRef` and Define-XML", "ignored", "names of columns are the headings"),
        Unread("Members that a sender has added", "ignored", "the standard lets readers pass over them"),
    ],
}  # fmt: skip
