"""What CDA documents may hold that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "cda": [
        Unread("Several documents in one file, below a root of their own", "kept raw", "deliver each as its own file, in an archive if you like"),
        Unread("Documents in a MIME package, or signed or encrypted as a whole", "kept raw", "unpack them first", "CDA R2, 3"),
        Unread("Documents in HL7 v2 messages that are not in base64", "kept raw", "ask for base64 in OBX-5 (type ED)", "HL7 v2.5.1, 2.A.24"),
        Unread("Performers, informants, participants, further authors", "ignored", "pick them with `columns` or `each`", "CDA R2, 4.2.2 and 4.3.7"),
        Unread("Names and birth of relatives", "ignored", "`subject` is their relationship; pick the rest with `columns`", "CDA R2, 4.3.3.3"),
        Unread("References to other acts and documents in an entry (`reference`)", "ignored", "pick them with `columns`", "CDA R2, 4.3.8.5"),
        Unread("How often something is done (PIVL_TS, EIVL_TS), the width of an interval", "ignored", "pick them with `columns`", "HL7 V3 Data Types, 5.1 and 5.2"),
        Unread("Images, PDFs and other data in base64 that are not plain text", "ignored", "if a whole document is one, `body_type` says so", "CDA R2, 4.3.1 and 4.3.6.4"),
        Unread("The rules of a guide (templates, Schematron)", "ignored", "check a guide's requirements with rules; `template_ids` lands"),
        Unread("What a code means", "as text", "codes land; their meaning belongs in rules and staging"),
    ],
}  # fmt: skip
