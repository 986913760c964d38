"""SIPp scenarios as text. Pure.

What a caller's network sends (name, number, dialled digits) is not written into the XML but handed to SIPp as
keywords on its command line, so nothing in it can be taken for markup or for one of SIPp's own keywords.

A test steers a running call by two small requests that only SIPp sees, sent to its port with the call's Call-
ID: NOTIFY ends an `Until`, MESSAGE makes the caller hang up at any moment when he is waiting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from callcore.testing.lab.configuration import TRUNK_HEADER


@dataclass(frozen=True)
class Wait:
    """Stay on the line for so long."""

    seconds: float


@dataclass(frozen=True)
class Until:
    """Stay on the line until the test says `proceed()`."""


@dataclass(frozen=True)
class Hear:
    """As `Until`; `Hearing.go_on`, in `House.call` too, says `proceed()` when something plays that began
    after the last key."""


@dataclass(frozen=True)
class Press:
    """Press keys (0-9, *, #, A-D), one after the other."""

    keys: str


@dataclass(frozen=True)
class HangUp:
    """Put the receiver down; the last step. Without it the caller stays until the other side hangs up."""


Step = Wait | Until | Hear | Press | HangUp


@dataclass(frozen=True)
class Answer:
    """Ring, answer, talk for `talk_seconds` or, if None, until the other side hangs up."""

    after_seconds: float = 1.0
    talk_seconds: float | None = None


@dataclass(frozen=True)
class NeverAnswer:
    """Ring until the other side gives up."""


@dataclass(frozen=True)
class Reject:
    """Ring for `after_seconds` and refuse: 486 busy, 603 declined, 480 unavailable, …"""

    status: int = 486
    after_seconds: float = 0.1


Behaviour = Answer | NeverAnswer | Reject

_HEAD = '<?xml version="1.0"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="{name}">\n'
_SDP = """v=0
o=callcore 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000"""
_REASONS = {480: "Temporarily Unavailable", 486: "Busy Here", 600: "Busy Everywhere", 603: "Decline"}

# labels where a call goes that was ended by the other side, shall be hung up, was cancelled, is over
_BY_PEER, _BY_US, _CANCELLED, _OVER = 900, 901, 902, 903


def milliseconds(seconds: float) -> int:
    """At least one: SIPp takes 0 for "no limit"."""
    return max(1, round(seconds * 1000))


def _send(text: str, *, retransmit: bool, goto: int | None = None) -> str:
    attributes = (' retrans="500"' if retransmit else "") + (f' next="{goto}"' if goto else "")
    return f"<send{attributes}><![CDATA[\n{text.strip()}\n\n]]></send>\n"


def _with_body(kind: str, body: str) -> str:
    return f"Content-Type: {kind}\nContent-Length: [len]\n\n{body}" if body else "Content-Length: 0\n"


def _log(text: str) -> str:
    return f'<nop><action><log message="{text}"/></action></nop>\n'


def _label(number: int) -> str:
    return f'<label id="{number}"/>\n'


# --- the caller ---


def _request(method: str, sequence: int, *, body: str = "", kind: str = "", extra: str = "") -> str:
    text = f"""{method} sip:[cc_dialled]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: [cc_from];tag=[pid]C[call_number]
To: <sip:[cc_dialled]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: {sequence} {method}
Contact: <sip:caller@[local_ip]:[local_port]>
{extra}{_with_body(kind, body)}"""
    return _send(text, retransmit=method != "ACK")


def caller(steps: Sequence[Step], headers: Sequence[str] = ()) -> str:
    """The scenario of one caller. Its log says `answered`, then `ended by caller` or `ended by pbx`."""
    extra = "".join(f"{header}\n" for header in (TRUNK_HEADER, *headers))
    xml = _HEAD.format(name="caller")
    xml += _request("INVITE", 1, body=_SDP, kind="application/sdp", extra=extra)
    for provisional in (100, 180, 181, 182, 183):
        xml += f'<recv response="{provisional}" optional="true"/>\n'
    xml += '<recv response="200"/>\n' + _request("ACK", 1) + _log("answered")
    sequence = 1
    for label, (step, key) in enumerate(_single_keys(steps), start=1):
        match step:
            case Wait(seconds):
                xml += _listen(label, seconds)
            case Until() | Hear():
                xml += _log("listens") if isinstance(step, Hear) else ""
                xml += f'<recv request="NOTIFY" optional="true" next="{label}"/>\n' + _listen(label)
            case Press():
                sequence += 1
                body = f"Signal={key}\nDuration=160"
                xml += _request("INFO", sequence, body=body, kind="application/dtmf-relay")
                xml += f'<recv request="BYE" optional="true" next="{_BY_PEER}"/>\n<recv response="200"/>\n'
                xml += _listen(label, 0.25)
            case HangUp():
                xml += f'<nop next="{_BY_US}"/>\n'
                break
    xml += _listen(800)
    xml += (
        _label(_BY_US)
        + _request("BYE", sequence + 100)
        + '<recv response="200"/>\n'
        + _log("ended by caller")
    )
    xml += f'<nop next="{_OVER}"/>\n'
    xml += _label(_BY_PEER) + _answer("200 OK", tag="") + _log("ended by pbx") + _label(_OVER)
    return f"{xml}</scenario>\n"


def _single_keys(steps: Sequence[Step]) -> list[tuple[Step, str]]:
    """Steps with each `Press` split into its keys."""
    return [(step, key) for step in steps for key in (step.keys if isinstance(step, Press) else " ")]


def _listen(label: int, seconds: float | None = None) -> str:
    """Wait, hearing meanwhile the test's order to hang up and the other side's BYE; then go on at `label`."""
    timeout = "" if seconds is None else f' timeout="{milliseconds(seconds)}" ontimeout="{label}"'
    return (
        f'<recv request="MESSAGE" optional="true" next="{_BY_US}"{timeout}/>\n'
        f'<recv request="BYE" next="{_BY_PEER}"{timeout}/>\n{_label(label)}'
    )


# --- the phone ---


def _answer(
    status: str,
    *,
    sdp: bool = False,
    tag: str = ";tag=[pid]P[call_number]",
    cseq: str = "[last_CSeq:]",
    goto: int | None = None,
) -> str:
    text = f"""SIP/2.0 {status}
[last_Via:]
[last_From:]
[last_To:]{tag}
[last_Call-ID:]
{cseq}
Contact: <sip:phone@[local_ip]:[local_port]>
{_with_body("application/sdp", _SDP if sdp else "")}"""
    # only final answers to an INVITE are repeated until they are acknowledged
    return _send(text, retransmit=sdp or status[0] in "3456", goto=goto)


def phone(behaviour: Behaviour) -> str:
    """The scenario of a phone; it takes any number of calls. Its log has a line for what became of each."""
    xml = _HEAD.format(name="phone")
    xml += """<recv request="INVITE"><action>
<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="cseq"/>
<ereg regexp="[^ ].*" search_in="hdr" header="From:" assign_to="theirs"/>
<ereg regexp="[^ ].*" search_in="hdr" header="To:" assign_to="ours"/>
<ereg regexp="sip:[^>]+" search_in="hdr" header="Contact:" assign_to="contact"/>
<log message="ringing"/>
</action></recv>
<Reference variables="cseq,theirs,ours,contact"/>
"""
    xml += _answer("180 Ringing")
    match behaviour:
        case Answer(after, talk):
            xml += _ring(after) + _answer("200 OK", sdp=True)
            xml += '<recv request="ACK"/>\n' + _log("answered") + _talk(talk)
        case NeverAnswer():
            xml += f'<recv request="CANCEL" next="{_CANCELLED}"/>\n'
        case Reject(status, after):
            xml += _ring(after) + _answer(f"{status} {_REASONS.get(status, 'No')}")
            xml += '<recv request="ACK"/>\n' + _log(f"rejected {status}") + f'<nop next="{_OVER}"/>\n'
    xml += (
        _label(_CANCELLED)
        + _answer("200 OK")
        + _answer("487 Request Terminated", cseq="CSeq: [$cseq] INVITE")
    )
    xml += '<recv request="ACK"/>\n' + _log("cancelled") + _label(_OVER)
    return f"{xml}</scenario>\n"


def _ring(seconds: float) -> str:
    timeout = f'timeout="{milliseconds(seconds)}" ontimeout="1"'
    return f'<recv request="CANCEL" {timeout} next="{_CANCELLED}"/>\n{_label(1)}'


def _talk(seconds: float | None) -> str:
    timeout = "" if seconds is None else f' timeout="{milliseconds(seconds)}" ontimeout="{_BY_US}"'
    bye = """BYE [$contact] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: [$ours];tag=[pid]P[call_number]
To: [$theirs]
Call-ID: [call_id]
CSeq: 1000 BYE
Content-Length: 0
"""
    return (
        f'<recv request="MESSAGE" optional="true" next="{_BY_US}"{timeout}/>\n'
        + f'<recv request="BYE"{timeout}/>\n'
        + _answer("200 OK", tag="")
        + _log("ended by pbx")
        + f'<nop next="{_OVER}"/>\n'
        + _label(_BY_US)
        + _send(bye, retransmit=True)
        + '<recv response="200"/>\n'
        + _log("ended by phone")
        + f'<nop next="{_OVER}"/>\n'
    )
