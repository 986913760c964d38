"""Two PBXs by name, one callcore: calls, operators and members of each stay with their own."""

from pathlib import Path

from callcore.domain import Interface, Login
from callcore.ivr.dialplan import include_file
from callcore.testing.hearing import Hearing
from callcore.testing.house import TO_FINANCE, House
from callcore.testing.lab import Answer, AsteriskLab, Caller, Phone, Queue
from callcore.testing.stage import DIALPLAN, FALLBACK, QUEUES


def second_lab(folder: Path, agi_port: int) -> AsteriskLab:
    include = folder / "second.conf"
    include.write_text(include_file(), encoding="utf-8")
    return AsteriskLab(
        folder / "second",
        phones=["101"],
        queues=[Queue(name) for name in QUEUES],
        includes=[include],
        variables={
            "CALLCORE_AGI": f"127.0.0.1:{agi_port}",
            "CALLCORE_PBX": "second",
            "CALLCORE_FALLBACK_QUEUE": FALLBACK,
        },
        dialplan=DIALPLAN,
        systemname="lab",
    )


async def test_calls_on_both(bare_house: House, tmp_path: Path) -> None:
    """Both PBXs have a phone 101 and the same system name: only callcore's names tell them apart."""
    house = bare_house
    async with second_lab(tmp_path, house.stage.agi_port) as second:
        secret = house.stage.config_file.parent / "second.secret"
        secret.write_text(second.secret, encoding="utf-8")
        secret.chmod(0o600)
        other = {"host": "127.0.0.1", "port": second.ami_port, "secret_file": "second.secret"}
        house.stage.write_config({"pbx": {"second": other | {"fallback_queue": FALLBACK}}})
        await house.stage.start()
        await house.database.users.set_interfaces(Login("boris"), [Interface("second:PJSIP/101")])
        anna = await house.on_shift("anna", "101")
        boris = await house.operator("boris")
        async with Phone(second.phone_port("101"), tmp_path / "sip2", Answer(0.2)):
            await boris.open("second:PJSIP/101")
            await boris.ready()
            here = await house.call(*TO_FINANCE)
            there = Caller(
                second.sip_port, tmp_path / "sip2", number="79000000120", dialled="100", steps=TO_FINANCE
            )
            async with there:
                await Hearing(second).go_on(there, "79000000120", TO_FINANCE)
                hers, his = await anna.hears("card"), await boris.hears("card")
                assert hers["data"]["call"]["caller_number"] == "+79000000110"
                assert his["data"]["call"]["caller_number"] == "+79000000120"
                await there.hang_up()
            await here.hang_up()
        contacts = await house.contacts(2)
        assert {(c.pbx, c.answered_by) for c in contacts} == {("main", "anna"), ("second", "boris")}
