"""The context that telephones transfer to: exact numbers, each with its way."""

from __future__ import annotations

from callcore.ivr.dialplan import Transfer, render_transfers


def test_each_number_leads_to_its_place_and_no_other_is_taken() -> None:
    text = render_transfers([Transfer("301", number="301"), Transfer("*55", queue="finance")])
    assert "exten => 301,1,Set(CALLCORE_DIALLED=301)" in text
    assert "same => n,Set(CALLCORE_TO=301)" in text
    assert "exten => *55,1,Set(CALLCORE_DIALLED=*55)" in text
    assert "same => n,Set(CALLCORE_TOQUEUE=finance)" in text
    assert text.count("Goto(callcore-handed,s,1)") == 2
    assert "exten => _" not in text, "a pattern would take any number, and lose the caller"
