"""Comparing names of persons: whole or cut off by a field, in whatever spelling.

Two names are the *same* when they are spelt alike after capitals, accents, hyphens, apostrophes,
blanks and a suffix (Jr, III, MD) are removed. A letter that is not an accented one of A to Z counts
in each spelling that registers use: ø as O, OE and Ö do; ß as SS; æ as AE; ł as L; đ as D or DJ; þ
as TH; å as A or AA. A name that fills its field may have been cut off there, and is the same as a
longer one that begins with it.

Two names share *parts* when all words of the one are words of the other, in whatever order (Anna
for Anna Maria, Berg for van der Berg), or when one is an initial of the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import duckdb

from cytoreg.warehouse.connection import in_memory

__all__ = ["define_names", "names_agree"]

# Letters, in capitals, that are not respelt by stripping accents. Each row: letter, spelling with
# one letter of A to Z where that is usual, full spelling.
_LETTERS = (
    *(("Ä", "A", "AE"), ("Ö", "O", "OE"), ("Ü", "U", "UE"), ("Å", "A", "AA"), ("Ø", "O", "OE")),
    *(("Æ", "AE", "AE"), ("Œ", "OE", "OE"), ("ẞ", "SS", "SS"), ("ß", "SS", "SS")),
    *(("Ł", "L", "L"), ("Đ", "D", "DJ"), ("Ð", "D", "DH"), ("Þ", "TH", "TH"), ("Ħ", "H", "H")),
    *(("Ŧ", "T", "T"), ("Ŋ", "N", "NG"), ("Ĳ", "IJ", "IJ"), ("ı", "I", "I")),
)
_DIGRAPHS = (("AA", "A"), ("AE", "A"), ("OE", "O"), ("UE", "U"), ("DJ", "D"))
_CUT = 15
"""From this many letters on, a field of unknown width may have cut a name off."""
_SUFFIXES = "JR|SR|JNR|SNR|JUNIOR|SENIOR|II|III|IV|V|ESQ|MD|PHD|DDS|RN"


def _respelt(text: str, letters: Iterable[tuple[str, str]]) -> str:
    """SQL that replaces each letter by its spelling."""
    for letter, spelling in letters:
        text = f"replace({text}, '{letter}', '{spelling}')"
    return text


_PLAIN = _respelt("text", ((letter, short) for letter, short, _ in _LETTERS))
_FULL = _respelt("text", ((letter, long) for letter, _, long in _LETTERS))
_SPELLING = {
    "capitals(text)": "upper(nfc_normalize(trim(cast(text as varchar))))",
    # An apostrophe is part of a word; any other character that is not a letter separates words.
    "words_of(text)": r"trim(regexp_replace(regexp_replace(strip_accents(text),"
    r" '[''’‘`´ʼ]', '', 'g'), '[^\p{L}\p{N}]+', ' ', 'g'))",
    "without_suffix(words)": f"regexp_replace(words, '( ({_SUFFIXES}))+$', '')",
    # A text with as many bytes as letters has only A to Z.
    "plain_letters(text)": f"case when strlen(text) = length(text) then text else {_PLAIN} end",
    "full_letters(text)": f"case when strlen(text) = length(text) then text else {_FULL} end",
    "plain_words(text)": "without_suffix(words_of(plain_letters(text)))",
    "full_words(text)": "without_suffix(words_of(full_letters(text)))",
    "loose_form(form)": _respelt("form", _DIGRAPHS),
    "joined(words)": "replace(words, ' ', '')",
}
_COMPARING = {
    # A macro's body replaces its call, so a lambda keeps its arguments from being repeated.
    "name_forms(text, width)": """list_transform(
        list_filter(
          list_transform([capitals(text)], lambda capitals: struct_pack(
            plain := plain_words(capitals), long := full_words(capitals),
            letters := length(capitals)
          )),
          lambda w: w.plain <> ''
        ),
        lambda w: struct_pack(
          spelt := [w.plain, w.long],
          forms := [joined(w.plain), joined(w.long)],
          loose := loose_form(joined(w.plain)),
          words := string_split(loose_form(w.plain), ' '),
          full := w.letters >= width,
          at_blank := w.letters = width - 1
        )
      )[1]""",
    # A field loses a final blank: then the name is one letter shorter and ends with a whole word.
    "cut_from(a, b)": """coalesce(
        (a.full and (starts_with(b.forms[1], a.forms[1]) or starts_with(b.forms[2], a.forms[2])
          or starts_with(b.forms[1], a.forms[2]) or starts_with(b.forms[2], a.forms[1])))
        or (a.at_blank and (starts_with(b.spelt[1], a.spelt[1] || ' ')
          or starts_with(b.spelt[2], a.spelt[1] || ' '))),
        false)""",
    "same_name(a, b, loosely)": "list_has_any(a.forms, b.forms) or cut_from(a, b)"
    " or cut_from(b, a) or (loosely and a.loose = b.loose)",
    "parts_of_name(a, b)": "list_has_all(a.words, b.words) or list_has_all(b.words, a.words)"
    " or (length(a.loose) = 1 and starts_with(b.loose, a.loose))"
    " or (length(b.loose) = 1 and starts_with(a.loose, b.loose))",
    # Most are one word of A to Z, written alike: no need to take them apart.
    "names_agree(written, family)": f"""case
      when regexp_full_match(family, '[A-Za-z]+')
        and lower(family) = lower(string_split(written, ',')[1]) then true
      else list_transform(
        [struct_pack(
          whole := name_forms(written, null), family := name_forms(family, null),
          before := name_forms(string_split(written, ',')[1], null)
        )],
        lambda n: parts_of_name(n.whole, n.family) or parts_of_name(n.before, n.family)
          or same_name(n.before, n.family, true)
          or (length(n.before.forms[1]) >= {_CUT}
            and starts_with(n.family.forms[1], n.before.forms[1]))
      )[1]
    end""",
}


def define_names(con: duckdb.DuckDBPyConnection) -> None:
    """Define on this connection the functions by which linkage compares names.

    `name_forms(text, width)` gives a struct for a name in a field of `width` letters (null: wide
    enough); null where no letter is left. `same_name(a, b, loosely)` and `parts_of_name(a, b)`
    compare two such structs; `loosely` lets a digraph match its letter in spellings that have only
    A to Z (MUELLER and MULLER). `names_agree(written, family)`: whether a whole name, family name
    first or before a comma, may belong to somebody with this family name.
    """
    for head, body in (_SPELLING | _COMPARING).items():
        con.execute(f"create or replace temp macro {head} as {body}")


@cache
def _alone() -> duckdb.DuckDBPyConnection:
    con = in_memory()
    define_names(con)
    return con


def names_agree(written: str, family: str) -> bool | None:
    """`names_agree` of one pair; None where one of them has no letter."""
    found: list[tuple[bool | None]] = (
        _alone().execute("select names_agree(?, ?)", [written, family]).fetchall()
    )
    return found[0][0]
