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
    "odm": [
        Unread("ODM 2.0", "refused", "export version 1.3.2", "CDISC ODM-XML 2.0"),
        Unread("A document type declaration, as ODM 1.0 and 1.1 have", "refused", "export version 1.3.2", "CDISC ODM 1.1"),
        Unread("Types, lengths, ranges, questions, methods, conditions and languages of the metadata", "ignored", "a value lands as written; its type and range belong in a schema", "CDISC ODM-XML 1.3.2, 3.1.1.3"),
        Unread("Values sent as context (TransactionType Context)", "counted", "they change nothing", "CDISC ODM-XML 1.3.2, 2.9"),
        Unread("Digital signatures (ds:Signature)", "as text", "they land in `note`, and are not verified", "CDISC ODM-XML 1.3.2, 4"),
        Unread("Meaning of notes: inherited audit records, AuditRecordID and the like, queries of a system", "as text", "`note` has each where it is; references are in its content and in `_items`", "CDISC ODM-XML 1.3.2, 3.1.4.1.2"),
    ],
}  # fmt: skip
