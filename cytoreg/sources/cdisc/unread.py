"""What files in CDISC's formats may hold that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "dataset_json": [
        Unread("Version 1.0", "refused", "deliver version 1.1", "CDISC Dataset-JSON 1.0"),
        Unread("Compressed Dataset-JSON (.dsjc)", "refused", "deliver NDJSON, as .gz to save space", "CDISC Compressed Dataset-JSON 1.1"),
        Unread("`dataType`, `targetDataType`, `displayFormat`, `length`", "as text", "a value lands as written; its type belongs in a schema", "CDISC Dataset-JSON 1.1, Column Metadata"),
        Unread("`label`, `keySequence`, `metaDataRef` and Define-XML", "ignored", "column names are the headings"),
        Unread("Members that a sender has added", "ignored", "the standard lets readers ignore them"),
    ],
}  # fmt: skip
