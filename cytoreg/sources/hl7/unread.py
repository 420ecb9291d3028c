"""What HL7 v2 has that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "hl7": [
        Unread("Messages in parts (DSC, or ADD without a segment before it)", "kept raw", "ask the sender for whole messages", "HL7 v2.5.1, 2.10.2"),
        Unread("HL7 v2 in XML", "refused", "ask for ER7, with bars", "HL7 v2 XML encoding"),
        Unread("Escapes of other character sets and local ones (`\\C…\\`, `\\M…\\`, `\\Z…\\`)", "as text", "they are left unchanged", "HL7 v2.5.1, 2.7"),
        Unread("Several character sets in one message (MSH-18 repeats)", "as text", "the message is read in the first one", "MSH-18, from v2.3"),
        Unread("Character sets other than UTF-8, 8859/1 to 9 and 15, GB 18030, Big5, KS X 1001", "as text", "read as UTF-8, unless `encoding` names the encoding", "HL7 table 0211"),
        Unread("Values that a path without `*` passes over", "counted", "choose by type, or take all with `*`"),
        Unread("What an event means: cancellations, merges, moves", "as text", "every message is a row; staging decides which counts", "chapter 3"),
        Unread("Files inside OBX (type ED, RP)", "as text", "the field lands unchanged", "chapter 2A"),
    ],
}  # fmt: skip
