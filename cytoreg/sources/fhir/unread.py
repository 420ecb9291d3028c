"""What FHIR has and is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "fhir": [
        Unread("FHIR in XML or Turtle", "kept raw", "ask for JSON", "FHIR R4, 2.6"),
        Unread("Functions of FHIRPath beyond those named above", "refused", "when cytoreg.toml is read, with the view and the column", "FHIRPath 2.0, 5"),
        Unread("Contained resources", "ignored", "they are no rows of their own; a view may read them in their resource", "SQL-on-FHIR 2.0"),
        Unread("Arithmetic with more than 15 digits", "as text", "as columns numbers keep all digits", "FHIRPath 2.0, 6.6"),
        Unread("A second member of one name", "ignored", "the first counts", "RFC 8259, 4"),
        Unread("Types of resources that no view reads", "counted", "add a view"),
        Unread("Attachments that are given by their URL", "as text", "the address lands, what lies there is not fetched", "FHIR R4, Attachment"),
        Unread("Searches of a group's members", "refused", "a group is exported in bulk alone", "Bulk Data Access"),
    ],
}  # fmt: skip
