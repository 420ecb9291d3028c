"""What a REDCap project has that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "redcap": [
        Unread("Uploaded files and signatures", "as text", "the name that the export gives for them", "API method Export a File"),
        Unread("The project as ODM XML", "refused", "declare `kind = \"odm\"`", "CDISC ODM 1.3"),
        Unread("Exports of labels", "refused", "export raw values; labels are in the dictionary"),
        Unread("Fields that are hashed or left out by the export right", "refused", "give the token's owner the right to the full data set"),
        Unread("The log of values before a change", "ignored", "the log is read for which records changed, not for their earlier values", "API method Export Logging"),
    ],
}  # fmt: skip
