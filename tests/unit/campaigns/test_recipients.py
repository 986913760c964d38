"""Whom a campaign tells, and under which number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcore.calls.attempt import Medium
from callcore.calls.campaign import NewTarget, TargetResult
from callcore.campaigns.recipients import resolve, takes_texts, zone_of
from callcore.domain import CustomerId

from .campaign_people import FIXED, FIXED_2, HOUSE, MOBILE, MOBILE_2, MOBILE_3, person


def one(*numbers: str, house=HOUSE, **changes) -> NewTarget:
    [target] = resolve([person(1, *numbers, **changes)], house)
    return target


def test_a_person_becomes_a_target_with_his_main_number_and_the_others_behind_it():
    target = one("8 (913) 123-45-67", FIXED, "+7 913 123-45-67", language="en", zone="Asia/Omsk")
    assert target == NewTarget(
        customer=CustomerId(1),
        name="Абонент 1",
        number=MOBILE,
        others=(FIXED,),
        language="en",
        zone="Asia/Omsk",
        address="Лесная, 1",
    )


def test_language_and_zone_are_the_houses_where_nothing_is_known():
    target = one(MOBILE)
    assert (target.language, target.zone) == ("ru", "Europe/Moscow")


def test_a_fixed_line_tells_its_zone_unless_the_node_does():
    assert one(FIXED).zone == "Asia/Omsk"
    assert one(FIXED, zone="Asia/Tomsk").zone == "Asia/Tomsk"
    assert zone_of(MOBILE) is None  # carried all over the country
    assert zone_of("+70001234567") is None


@pytest.mark.parametrize("numbers", [(), ("112",), ("anonymous", "12", "+7")])
def test_without_a_number_that_a_trunk_can_reach_he_is_skipped(numbers):
    target = one(*numbers)
    assert (target.number, target.result, target.reason) == ("", TargetResult.skipped, "no_number")


def test_a_number_is_rung_once_and_who_shares_it_is_visibly_skipped():
    people = [person(1, MOBILE), person(2, MOBILE, MOBILE_2), person(3, MOBILE_3)]
    first, second, third = resolve(people, HOUSE)
    assert (first.result, third.result) == (None, None)
    assert (second.number, second.others) == (MOBILE, ())
    assert (second.result, second.reason) == (TargetResult.skipped, "same_number")


def test_a_neighbours_main_number_is_nobody_elses_further_one():
    first, second = resolve([person(1, MOBILE, MOBILE_2, FIXED), person(2, MOBILE_2, FIXED)], HOUSE)
    assert (first.number, first.others) == (MOBILE, (FIXED,))
    assert (second.number, second.others, second.result) == (MOBILE_2, (), None)


def test_the_end_of_an_outage_concerns_those_who_were_told():
    people = [person(1, MOBILE), person(2, MOBILE_2)]
    [target] = resolve(people, HOUSE, told={CustomerId(2)})
    assert target.customer == CustomerId(2)
    assert resolve(people, HOUSE, told=()) == ()


def test_a_number_of_somebody_who_is_not_concerned_takes_nothing_away():
    people = [person(1, MOBILE), person(2, MOBILE)]
    [target] = resolve(people, HOUSE, told={CustomerId(2)})
    assert target.result is None


def test_without_trunks_an_sms_goes_to_the_first_mobile():
    house = replace(HOUSE, has_voice=False)
    target = one(FIXED, MOBILE, FIXED_2, MOBILE_2, house=house)
    assert (target.next_medium, target.number, target.others) == (Medium.sms, MOBILE, (MOBILE_2,))
    fixed = one(FIXED, house=house)
    assert (fixed.number, fixed.result, fixed.reason) == (FIXED, TargetResult.skipped, "fixed_line")


def test_without_any_way_everybody_is_skipped_for_that_reason():
    house = replace(HOUSE, has_voice=False, has_sms=False)
    assert one(MOBILE, house=house).reason == "no_route"
    assert one(house=house).reason == "no_number"


@pytest.mark.parametrize(
    ("number", "takes"),
    [
        (MOBILE, True),
        (FIXED, False),
        ("+78001234567", False),
        ("+12125551234", True),  # fixed or mobile: the plan does not tell
        ("+70001234567", True),
        ("112", False),
    ],
)
def test_which_numbers_take_texts(number, takes):
    assert takes_texts(number) is takes
