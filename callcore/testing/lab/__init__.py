'''The laboratory: a private Asterisk, SIP callers, operators' phones, a browser; no root, no container.

Fetch once, into `.lab/`: `python -m callcore.testing.lab fetch` (plain Python, no venv needed).
`program("chromium")` (or "sipp", "sox", "espeak-ng", "strace") is a path that can be started as it is: the
system's copy or ours; `python -m callcore.testing.lab which chromium` prints it.

A call from ringing trunk to talking operator:

    from callcore.testing.hearing import Hearing
    from callcore.testing.lab import Answer, AsteriskLab, Caller, HangUp, Hear, Phone, Press, Queue, Until

    lab = AsteriskLab(
        tmp_path / "pbx",
        phones=["101", "102"],                                # endpoints PJSIP/101, PJSIP/102
        queues=[Queue("corporate", members=("PJSIP/101",))],  # without members: callcore adds them over AMI
        includes=[Path("dialplans/callcore.conf")],           # files included in extensions.conf
        variables={"CALLCORE_AGI": "127.0.0.1:4573"},         # dialplan globals
        dialplan="""
    [from-trunk]
    exten => _X.,1,Goto(callcore-inbound,${EXTEN},1)
    """,                                                      # SIP callers come into [from-trunk]
    )
    async with lab:                                  # ready in 0.5 to 2 s; or start(), stop(), kill()
        lab.ami_port, lab.username, lab.secret       # the AMI account with the product's rights
        async with Phone(lab.phone_port("101"), tmp_path / "sip", Answer(after_seconds=1)) as phone:
            number, steps = "79161234567", [Hear(), Press("2"), Until(), HangUp()]
            caller = Caller(lab.sip_port, tmp_path / "sip", number=number, name="Иван", dialled="100",
                            steps=steps)
            async with caller:
                await Hearing(lab).go_on(caller, number, steps)  # ends each Hear() once something plays
                await phone.happened("answered")     # wait for a condition, not for a time
                caller.proceed()                     # ends Until(); hang_up() works whenever he waits
                result = await caller.wait()         # CallResult(answered=True, ended_by="caller", ...)
        print(await lab.console("queue show"))

What people do with a call once it is there (hold, transfer in every way, forward, pick up, park, dial) is
done by a `Softphone`, see its module; `AsteriskLab(habits=PhoneHabits(…))` says what phones may do by codes,
and `extra_files={"features.conf": …}` replaces any file. `AsteriskLab(version=16)` is the oldest one served.

Phones behave as `Answer(after, talk)`, `NeverAnswer()`, `Reject(486)`; `await phone.become(...)` changes it.
One `Phone` takes many calls; a phone that was not started is silent on SIP. `Caller.anonymous(...)` withholds
the number. `observer=True` adds the AMI account `observer` (read=all, write=all, same secret) for recordings.
Prompts put into `lab.sounds` are played by their bare name, others by absolute path. Asterisk cuts a caller's
name at 79 bytes and leaves backslashes before quotes in it. In tests call `packages.fetch(["asterisk22",
"sipp"])` first: quick when done; only `NotDebian` is a reason to skip.
'''

from callcore.testing.lab.asterisk import AsteriskLab
from callcore.testing.lab.bundles import lab_folder, program
from callcore.testing.lab.configuration import Account, OutgoingTrunk, PhoneHabits, Queue
from callcore.testing.lab.errors import FetchFailed, LabError, NotDebian, NotFetched, StartFailed
from callcore.testing.lab.scenarios import (
    Answer,
    Behaviour,
    HangUp,
    Hear,
    NeverAnswer,
    Press,
    Reject,
    Step,
    Until,
    Wait,
)
from callcore.testing.lab.sip import Caller, CallResult, Phone
from callcore.testing.lab.softcall import CallEnded, CallRefused, SoftCall
from callcore.testing.lab.softphone import Softphone

__all__ = [
    "Account",
    "Answer",
    "AsteriskLab",
    "Behaviour",
    "CallEnded",
    "CallRefused",
    "CallResult",
    "Caller",
    "FetchFailed",
    "HangUp",
    "Hear",
    "LabError",
    "NeverAnswer",
    "NotDebian",
    "NotFetched",
    "OutgoingTrunk",
    "Phone",
    "PhoneHabits",
    "Press",
    "Queue",
    "Reject",
    "SoftCall",
    "Softphone",
    "StartFailed",
    "Step",
    "Until",
    "Wait",
    "lab_folder",
    "program",
]
