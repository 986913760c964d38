"""The table of permissions, cell by cell: what stands here is the decision, in a form that is read."""

from __future__ import annotations

import pytest

from callcore.rights import Permission, Role, may

ROLES = (Role.operator, Role.senior, Role.supervisor, Role.campaign_manager, Role.administrator)
MATRIX = """
permission          op  se  su  cm  ad
customers.see       x   x   x   x   x
customers.unmasked  x   x   x   .   x
customers.change    x   x   x   .   x
customers.import    .   .   .   .   x
customers.export    .   .   x   .   x
customers.erase     .   .   .   .   x
contacts.take       x   x   x   .   x
contacts.others     .   x   x   .   x
cases.work          x   x   x   .   x
cases.oversee       .   x   x   .   x
cases.except        .   .   x   .   x
flash.write         x   x   x   .   x
flash.wide          .   x   x   .   x
knowledge.see       x   x   x   x   x
knowledge.write     .   x   x   .   x
directory.see       x   x   x   x   x
directory.write     .   .   x   .   x
outages.see         .   .   x   x   x
outages.publish     .   .   x   x   x
campaigns.see       .   .   x   x   x
campaigns.run       .   .   x   x   x
calls.all           .   .   x   .   x
users.manage        .   .   .   .   x
audit.see           .   .   x   .   x
webhooks.manage     .   .   .   .   x
voicemail.listen    x   x   x   .   x
recordings.listen   .   x   x   .   x
recordings.control  x   x   x   .   x
callbacks.work      x   x   x   .   x
calls.place         x   x   x   .   x
calls.place_others  .   .   x   .   x
opt_outs.change     x   x   x   x   x
routing.see         .   x   x   .   x
routing.change      .   .   x   .   x
"""
LINES = [line.split() for line in MATRIX.strip().splitlines()[1:]]
CELLS = [
    (role, permission, mark == "x")
    for permission, *marks in LINES
    for role, mark in zip(ROLES, marks, strict=True)
]


@pytest.mark.parametrize(("role", "permission", "is_allowed"), CELLS)
def test_cell(role: Role, permission: str, is_allowed: bool) -> None:
    assert may(role.value, Permission(permission)) is is_allowed


def test_every_cell_is_written_down() -> None:
    assert {line[0] for line in LINES} == {each.value for each in Permission}
    assert set(ROLES) == set(Role)


@pytest.mark.parametrize("role", ["", "root", "Administrator", "operator "])
def test_who_has_no_role_of_ours_may_nothing(role: str) -> None:
    assert not any(may(role, each) for each in Permission)
