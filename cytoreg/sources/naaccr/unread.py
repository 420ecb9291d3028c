"""What files of NAACCR may hold that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "naaccr_xml": [
        Unread("Extensions: elements and attributes of other namespaces", "as text", "they land in `_items`, and are counted", "NAACCR XML"),
        Unread("Files of another record type than declared", "refused", "`record_type` declares the expected type", "recordType: A, M, C, I"),
        Unread("Entities that are declared in other files", "refused", "nothing outside the file is opened", "XML 1.0, 4.2.2"),
        Unread("What a code means", "as text", "codes land; their meaning belongs in rules and staging", "NAACCR data dictionary"),
        Unread("Fields of a user dictionary that is not declared", "as text", "they land in `_items`, and are counted; declare `dictionaries`", "NAACCR XML, userDictionaryUri"),
    ],
    "naaccr_flat": [
        Unread("A registry's own items, in the parts that layouts leave to it", "counted", "name them in `columns`", "NAACCR volume II"),
        Unread("Layouts before version 14", "kept raw", "declare `kind = \"fixed_width\"` with its columns", "NAACCR volume II"),
        Unread("Layouts after version 18, which exist only as XML", "kept raw", "declare `kind = \"naaccr_xml\"`", "since 2021"),
        Unread("What a code means", "as text", "codes land; their meaning belongs in rules and staging", "NAACCR data dictionary"),
    ],
}  # fmt: skip
