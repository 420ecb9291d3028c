"""What HL7 v2 has and is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "hl7": [
        Unread("Messages in parts (DSC, or ADD without a segment before it)", "kept raw", "let the sender send them whole", "HL7 v2.5.1, 2.10.2"),
        Unread("HL7 v2 in XML", "refused", "ask for ER7, with bars", "HL7 v2 XML encoding"),
        Unread("Escapes of other character sets and of one's own (`\\C…\\`, `\\M…\\`, `\\Z…\\`)", "as text", "they stay as they are", "HL7 v2.5.1, 2.7"),
        Unread("Several character sets in one message (MSH-18 repeats)", "as text", "the message is read in the first of them", "MSH-18, from v2.3"),
        Unread("Character sets other than UTF-8, 8859/1 to 9 and 15, GB 18030, Big5, KS X 1001", "as text", "read as UTF-8, unless `encoding` says what it is", "HL7 table 0211"),
        Unread("Values that a path without `*` passes over", "counted", "choose by type, or take all with `*`"),
        Unread("What an event means: cancellations, merges, moves", "as text", "every message is a row; staging says which counts", "chapter 3"),
        Unread("Files that OBX holds (type ED, RP)", "as text", "the field lands as it stands", "chapter 2A"),
    ],
}  # fmt: skip
