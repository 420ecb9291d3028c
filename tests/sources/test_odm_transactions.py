"""CDISC ODM: transactions of one or several files are applied in their order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from test_odm import METADATA, TRIAL, item, odm, put, subject, vitals

from cytoreg.errors import SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project

Make = Callable[[str], Project]
VALUES = '"SubjectKey", "ItemGroupRepeatKey", "I_WEIGHT", "I_ARM"'


def said(kind: str) -> str:
    return f'TransactionType="{kind}"'


def patient(kind: str, inside: str = "", key: str = "1") -> str:
    return subject(inside, key, said(kind))


def both(weight: str, arm: str) -> str:
    return item("I_WEIGHT", weight) + item("I_ARM", arm)


def _at(moment: str) -> str:
    return f'CreationDateTime="{moment}"'


BEGUN = patient("Insert", vitals(both("70", "1")) + vitals(both("71", "2"), "2"))


@pytest.mark.parametrize(
    ("later", "rows"),
    [
        (patient("Update", vitals(item("I_ARM", "9"))), [("1", "70", "9"), ("2", "71", "2")]),
        (
            patient("Upsert", vitals(item("I_ARM", "9"), "3")),
            [("1", "70", "1"), ("2", "71", "2"), ("3", None, "9")],
        ),
        (
            patient("Update", vitals('<ItemData ItemOID="I_ARM" IsNull="Yes"/>')),
            [("1", "70", None), ("2", "71", "2")],
        ),
        (
            patient("Update", vitals('<ItemData ItemOID="I_ARM"/>')),
            [("1", "70", "1"), ("2", "71", "2")],
        ),
        (
            patient("Update", vitals(item("I_ARM", "1", said("Remove")))),
            [("1", "70", None), ("2", "71", "2")],
        ),
        (patient("Update", vitals("", "2", said("Remove"))), [("1", "70", "1")]),
        (patient("Update", vitals(both("71", "2"), "2", said("Remove"))), [("1", "70", "1")]),
        (
            patient("Update", '<StudyEventData StudyEventOID="SE" TransactionType="Remove"/>'),
            [],
        ),
        (
            patient("Update", '<StudyEventData StudyEventOID="other" TransactionType="Remove"/>'),
            [("1", "70", "1"), ("2", "71", "2")],
        ),
        (patient("Remove"), []),
        (patient("Remove", key="10"), [("1", "70", "1"), ("2", "71", "2")]),
        (patient("Remove") + patient("Insert", vitals(item("I_ARM", "5"))), [("1", None, "5")]),
        (patient("Context", vitals(both("0", "0"))), [("1", "70", "1"), ("2", "71", "2")]),
        (
            patient("Context", vitals(item("I_WEIGHT", "0") + item("I_ARM", "7", said("Update")))),
            [("1", "70", "7"), ("2", "71", "2")],
        ),
    ],
)
@pytest.mark.parametrize("apart", [False, True], ids=["one_file", "two_files"])
def test_the_result_of_all_transactions_lands(
    project: Make, landed: Callable, later: str, rows: list[tuple], apart: bool
) -> None:
    trial = project(TRIAL)
    if apart:
        second = odm(later, "", kind="Transactional", root='CreationDateTime="2020-01-01T00:00:01"')
        put(trial, second, odm(BEGUN, kind="Transactional"))
    else:
        put(trial, odm(BEGUN + later, kind="Transactional"))
    _, found, rejects = landed(trial, "trial", VALUES)
    assert [row[1:] for row in found] == rows
    assert rejects == []


def test_another_transaction_in_a_remove_is_kept_raw(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    removed = patient("Remove", vitals(item("I_ARM", "9"), "1", said("Update")))
    put(
        trial,
        odm(
            BEGUN + patient("Insert", vitals(item("I_ARM", "4")), "2") + removed,
            kind="Transactional",
        ),
    )
    _, rows, rejects = landed(trial, "trial", VALUES)
    assert rows == [("2", "1", None, "4")]
    assert [(table, why) for table, _, _, why, _ in rejects] == [
        ("vitals", "another transaction in a Remove")
    ]


def test_what_the_standard_does_not_foresee_is_counted(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    put(
        trial,
        odm(
            subject(vitals(item("I_ARM", "1")))
            + patient("Update", vitals(item("I_ARM", "2")), "2")
            + patient("Context", vitals(item("I_ARM", "3")), "3"),
            kind="Transactional",
            root='PriorFileOID="lost"',
        ),
    )
    landing, rows, _ = landed(trial, "trial", VALUES)
    assert [row[0] for row in rows] == ["1", "2"]
    assert landing.unexpected == {
        "data without a TransactionType, taken for an Upsert": 1,
        "record that is updated, and was not inserted": 1,
        "value sent as context, which changes nothing": 1,
        "file whose PriorFileOID is of no file here": 1,
        "file that does not say its time": 1,
    }


def test_a_file_is_applied_after_its_prior_file_whatever_its_time(
    project: Make, landed: Callable
) -> None:
    trial = project(TRIAL)
    root = 'FileOID="{}" PriorFileOID="{}" CreationDateTime="2020-01-0{}T00:00:00{}"'
    changed = patient("Update", vitals(item("I_ARM", "3")))
    put(
        trial,
        odm(changed, "", kind="Transactional", root=root.format("b", "a", 1, "")),
        odm(BEGUN, kind="Transactional", root=root.format("a", "", 3, "+05:00")),
    )
    assert landed(trial, "trial", VALUES)[1][0] == ("1", "1", "70", "3")
    put(trial, odm(BEGUN, kind="Transactional", root=root.format("a", "b", 2, "")), name="1.xml")
    with pytest.raises(SourceError, match="name the other in PriorFileOID"):
        land(trial, "trial")


def test_a_value_that_is_inserted_twice_is_counted(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    twice = vitals(item("I_ARM", "1")) + vitals(item("I_ARM", "2"))
    put(trial, odm(patient("Insert", twice), kind="Transactional"))
    landing, rows, _ = landed(trial, "trial", VALUES)
    assert rows == [("1", "1", None, "2")]
    assert landing.unexpected == {"value that is inserted again, of which the last one counts": 1}


def test_files_without_an_id_are_applied_by_their_time(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    changed = patient("Update", vitals(item("I_ARM", "{}")))
    put(
        trial,
        odm(BEGUN, kind="Transactional", root='FileOID="a" CreationDateTime="2020-01-01T00:00:00"'),
        odm(changed.format("8"), "", kind="Transactional", root=_at("2020-01-02T00:00:00")),
        odm(changed.format("9"), "", kind="Transactional", root=_at(" 2020-01-03T00:00:00Z ")),
    )
    assert landed(trial, "trial", VALUES)[1][0] == ("1", "1", "70", "9")


def test_a_time_before_the_first_year_is_no_time(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    put(trial, odm(BEGUN, kind="Transactional", root=_at("0001-01-01T00:00:00+01:00")))
    landing, rows, _ = landed(trial, "trial", VALUES)
    assert len(rows) == 2
    assert landing.unexpected == {"file that does not say its time": 1}


def test_what_was_said_of_an_item_is_removed_with_it(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    pounds = item("I_WEIGHT", "150", 'MeasurementUnitOID="MU_LB"')
    gone = f'<ItemData ItemOID="I_WEIGHT" {said("Remove")}/>'
    again = vitals(item("I_WEIGHT", "60"), "2")
    put(
        trial,
        odm(
            patient("Insert", vitals(pounds) + vitals(pounds, "2"))
            + patient("Update", vitals(gone) + vitals(gone, "2") + again),
            kind="Transactional",
        ),
    )
    rows = landed(trial, "trial", '"ItemGroupRepeatKey", "I_WEIGHT", "I_WEIGHT@unit"')[1]
    assert rows == [("1", None, None), ("2", "60", "kg")]


@pytest.mark.parametrize(
    ("later", "count"),
    [
        (patient("Remove", key="10"), 1),
        (patient("Remove"), 0),
        (patient("Remove", vitals(both("70", "1"), "1", said("Remove"))), 0),
        (patient("Remove") * 2, 1),
        (patient("Remove") + patient("Update", vitals("", "1", said("Remove"))), 1),
        (patient("Update", vitals("", "3", said("Remove"))), 1),
        (patient("Update", vitals("", "2", said("Remove"))) * 2, 1),
        (patient("Update", '<StudyEventData StudyEventOID="x" TransactionType="Remove"/>'), 1),
        (patient("Update", '<StudyEventData StudyEventOID="SE" TransactionType="Remove"/>'), 0),
        (patient("Update", vitals(item("I_ARM", "1", said("Remove")))), 0),
        (patient("Update", vitals(item("I_ARM", "1", said("Remove")))) * 2, 1),
        (patient("Update", vitals(item("I_OTHER", "1", said("Remove")))), 1),
        (
            patient("Update", vitals(item("I_ARM", "1", said("Remove"))))
            + patient("Update", vitals(item("I_ARM", "5")))
            + patient("Update", vitals(item("I_ARM", "5", said("Remove")))),
            0,
        ),
    ],
)
def test_a_remove_of_what_is_not_there_is_counted(
    project: Make, landed: Callable, later: str, count: int
) -> None:
    trial = project(TRIAL.replace(', subject = "enrolment"', ""))
    put(trial, odm(BEGUN + later, kind="transactional"))
    landing, _, rejects = landed(trial, "trial", VALUES)
    assert landing.unexpected == ({"Remove of what is not there": count} if count else {})
    assert rejects == []


def test_the_last_value_counts_with_what_is_said_of_it(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    begun = vitals(
        '<ItemData ItemOID="I_ARM" IsNull="Yes" OpenClinica:ReasonForNull="NASK"/>'
        '<ItemData ItemOID="I_WEIGHT" Value="150" MeasurementUnitOID="MU_LB"/>'
    )
    changed = vitals(
        item("I_ARM", "1") + '<ItemData ItemOID="I_WEIGHT" IsNull="Yes" OpenClinica:why="lost"/>'
    )
    put(
        trial,
        odm(patient("Insert", begun + begun.replace('="1"', '="2"')), kind="TRANSACTIONAL"),
        odm(patient("UPDATE", changed), "", kind="Transactional", root=_at("2020-01-02T00:00:00")),
    )
    rows = landed(trial, "trial", '"I_ARM", "I_WEIGHT", "I_WEIGHT@unit", _items')[1]
    assert rows == [
        ("1", None, None, '{"I_WEIGHT@IsNull": "Yes", "I_WEIGHT@OpenClinica:why": "lost"}'),
        (None, "150", "lb", '{"I_ARM@IsNull": "Yes", "I_ARM@OpenClinica:ReasonForNull": "NASK"}'),
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (_at("2020-01-01T23:59:59"), _at("2020-01-01T24:00:00")),
        (_at("2020-01-01T24:00:00+01:00"), _at("2020-01-01T23:00:01Z")),
        (_at("2020-01-02T00:00:00"), f'AsOfDateTime="yesterday" {_at("2020-01-03T00:00:00")}'),
        (_at("2020-01-02T00:00:00"), f'AsOfDateTime="" {_at("2020-01-03T00:00:00")}'),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_files_are_applied_by_any_time_that_they_say(
    project: Make, landed: Callable, first: str, second: str, turned: bool
) -> None:
    trial = project(TRIAL)
    files = [
        odm(BEGUN, kind="Transactional", root=first),
        odm(patient("Update", vitals(item("I_ARM", "9"))), "", kind="Transactional", root=second),
    ]
    put(trial, *(reversed(files) if turned else files))
    landing, rows, _ = landed(trial, "trial", VALUES)
    assert rows[0] == ("1", "1", "70", "9")
    assert landing.unexpected == {}


def test_one_id_of_two_files_is_counted_where_their_order_matters(
    project: Make, landed: Callable
) -> None:
    trial = project(TRIAL)
    same = 'FileOID="a" '
    put(
        trial,
        odm(BEGUN, kind="Transactional", root=same + _at("2020-01-01T00:00:00")),
        odm("", "", kind="Transactional", root=same + _at("2020-01-02T00:00:00")),
    )
    assert landed(trial, "trial", VALUES)[0].unexpected == {
        "file with the FileOID of another one": 2
    }
    same += _at("2020-01-01T00:00:00")
    put(trial, odm("", root=same), odm("", "", root=same))  # snapshots of two sites, by REDCap
    assert landed(trial, "trial", VALUES)[0].unexpected == {}


def test_snapshots_share_a_study_but_do_not_contradict_each_other(
    project: Make, landed: Callable
) -> None:
    trial = project(TRIAL)
    one, two = (subject(vitals(item("I_ARM", key)), key) for key in "12")
    put(trial, odm("", METADATA), odm(one, ""), odm(one + two, ""))
    landing, rows, _ = landed(trial, "trial", VALUES)
    assert [row[0] for row in rows] == ["1", "2"]
    assert landing.unexpected == {"value that snapshots give more than once": 1}
    put(trial, odm("", METADATA), odm(one.replace('Value="1"', 'Value="9"'), ""))
    with pytest.raises(
        SourceError, match=r"1\.xml and 2\.xml are snapshots .* of vitals"
    ) as refused:
        land(trial, "trial")
    assert "keep the newest snapshot alone" in refused.value.remedy


def test_changes_follow_a_snapshot(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    begun = subject(vitals(both("70", "1")))
    changed = patient("Update", vitals(item("I_ARM", "2")))
    put(
        trial,
        odm(begun, root='AsOfDateTime="2020-01-01T10:00:00+02:00"'),
        odm(changed, "", kind="Transactional", root='AsOfDateTime="2020-01-01T09:00:00Z"'),
    )
    landing, rows, _ = landed(trial, "trial", VALUES)
    assert rows == [("1", "1", "70", "2")]
    assert landing.unexpected == {}
