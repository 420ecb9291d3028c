"""What FHIR has that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "fhir": [
        Unread("FHIR in XML or Turtle", "kept raw", "ask for JSON", "FHIR R4, 2.6"),
        Unread("Functions of FHIRPath beyond those named above", "refused", "when cytoreg.toml is read, with the view and the column", "FHIRPath 2.0, 5"),
        Unread("Contained resources", "ignored", "they do not become rows; a view may read them inside their resource", "SQL-on-FHIR 2.0"),
        Unread("Arithmetic with more than 15 digits", "as text", "numbers in columns keep all digits", "FHIRPath 2.0, 6.6"),
        Unread("A second member with the same name", "ignored", "the first counts", "RFC 8259, 4"),
        Unread("Types of resources that no view reads", "counted", "add a view"),
        Unread("Attachments given by URL", "as text", "the address lands; its content is not fetched", "FHIR R4, Attachment"),
        Unread("Searches of a group's members", "refused", "a group can only be exported in bulk", "Bulk Data Access"),
    ],
}  # fmt: skip
