"""What a workbook may hold that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "excel": [
        Unread("Formulas that were never calculated", "as text", "the formula itself lands, and is counted; cytoreg does not calculate", "ISO/IEC 29500-1, 18.3.1.40"),
        Unread("Comments, notes, threads", "ignored", "put the information into a column", "ISO/IEC 29500-1, 18.7"),
        Unread("Colours, strikethrough and other formats with a meaning", "ignored", "put the information into a column", "ISO/IEC 29500-1, 18.8"),
        Unread("Charts, pictures, embedded files, pivot tables' caches", "ignored", "only cells of sheets are read"),
        Unread("Links to other workbooks", "as text", "the last value stored in this workbook", "ISO/IEC 29500-1, 18.14"),
        Unread("Filters, hidden rows and columns", "ignored", "hidden rows and columns land as well"),
        Unread("Headings in two rows", "counted", "name the lower one in `header`"),
        Unread("Rich text (formats for parts of a text), phonetic guides", "as text", "the plain text lands", "ISO/IEC 29500-1, 18.4"),
        Unread("XML spreadsheets of Excel 2003, web pages and text called .xls", "refused", "save them as .xlsx"),
        Unread("OpenDocument spreadsheets with a password", "refused", "save them without one, or as .xlsx with one", "OpenDocument 1.3, part 2, 3.4"),
        Unread(".xls workbooks with a password", "refused", "save them without one, or as .xlsx with one", "[MS-XLS] 2.4.117"),
        Unread("OpenDocument spreadsheets in one XML file (.fods)", "refused", "save them as .ods", "OpenDocument 1.3, part 3, 3.1.2"),
    ],
}  # fmt: skip
