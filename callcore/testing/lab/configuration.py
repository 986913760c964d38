"""The private Asterisk's configuration files, as text. Pure: values in, text out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_MODULES = """
res_timing_timerfd codec_ulaw codec_alaw codec_gsm codec_resample format_pcm format_sln format_wav
format_gsm res_musiconhold res_rtp_asterisk res_sorcery_config res_sorcery_memory res_sorcery_astdb
res_pjproject res_pjsip res_pjsip_pubsub res_pjsip_session res_pjsip_sdp_rtp res_pjsip_caller_id
res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_ip res_pjsip_dtmf_info res_pjsip_rfc3326
res_pjsip_nat res_pjsip_refer res_pjsip_dlg_options res_pjsip_diversion res_pjsip_header_funcs
res_pjsip_registrar res_pjsip_authenticator_digest chan_pjsip bridge_simple bridge_native_rtp bridge_softmix
bridge_holding bridge_builtin_features app_dial app_queue app_playback app_read app_stack app_verbose
app_userevent app_exec app_while app_cdr app_originate app_playtones app_senddtmf app_record app_mixmonitor
app_chanspy app_confbridge app_bridgewait app_directed_pickup app_system app_db app_transfer res_parking
res_mutestream res_speech res_agi res_clioriginate app_waitforsilence
func_callerid func_channel func_strings func_logic func_math func_global func_db func_timeout func_cdr
func_cut func_hangupcause func_dialplan func_env func_groupcount func_rand func_sprintf func_uri func_base64
func_devstate func_extstate func_export pbx_config cdr_manager cel_manager res_manager_devicestate
"""

# Callers say that they come from outside: else one who sends an operator's number would be taken for him.
TRUNK_HEADER = "X-Callcore-Lab: trunk"


@dataclass(frozen=True)
class Account:
    """An AMI account. `read` and `write` are Asterisk's class lists."""

    name: str
    secret: str
    read: str = "system,call,agent,user,cdr"
    write: str = "call,agent,originate,reporting,user"


@dataclass(frozen=True)
class Extension:
    """An operator's phone: endpoint PJSIP/<number>, which is called at 127.0.0.1:<port>."""

    number: str
    port: int
    name: str = ""


@dataclass(frozen=True)
class Queue:
    """A static queue. Times in seconds; `members` are interfaces (`PJSIP/101`); `extra` is added as it is."""

    name: str
    members: tuple[str, ...] = ()
    strategy: str = "rrmemory"
    timeout: int = 15
    retry: int = 1
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OutgoingTrunk:
    """A carrier to dial through: endpoint `carrier`, so `PJSIP/<number>@carrier`.

    With `qualify_seconds` Asterisk asks so often whether it lives, and does not even try while it is dead.
    """

    host: str
    port: int
    qualify_seconds: int = 0


@dataclass(frozen=True)
class Ports:
    """The ports that one start of Asterisk uses, all on 127.0.0.1."""

    ami: int
    sip: int
    rtp: tuple[int, int]


def asterisk_conf(base: Path, run: Path, root: Path, modules: Path, systemname: str) -> str:
    return f"""[directories]
astetcdir => {base}/etc
astmoddir => {modules}
astvarlibdir => {base}/var
astdbdir => {base}/var
astkeydir => {base}/var
astdatadir => {base}/data
astagidir => {base}/data/agi-bin
astspooldir => {base}/spool
astrundir => {run}
astlogdir => {base}/log
astsbindir => {root}/usr/sbin
[options]
verbose = 3
debug = 0
nocolor = yes
maxfiles = 8192
systemname = {systemname}
documentation_language = en_US
"""


def modules_conf(extra: Sequence[str] = (), without: Sequence[str] = ()) -> str:
    names = [name for name in (*_MODULES.split(), *extra) if name not in without]
    return "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in names)


def manager_conf(port: int, accounts: Sequence[Account]) -> str:
    text = f"[general]\nenabled = yes\nport = {port}\nbindaddr = 127.0.0.1\ntimestampevents = yes\n"
    for account in accounts:
        text += (
            f"\n[{account.name}]\nsecret = {account.secret}\nread = {account.read}\nwrite = {account.write}\n"
        )
    return text


def pjsip_conf(
    sip_port: int,
    extensions: Sequence[Extension],
    trunk_context: str,
    phone_context: str,
    carrier: OutgoingTrunk | None = None,
) -> str:
    """One transport; `trunk` takes calls from here but for phones, known by From's user."""
    text = f"""[global]
type = global
endpoint_identifier_order = header,username,ip
keep_alive_interval = 0

[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{sip_port}

[trunk]
type = endpoint
transport = udp
context = {trunk_context}
disallow = all
allow = ulaw,alaw
direct_media = no
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
dtmf_mode = auto_info
trust_id_inbound = yes
from_user = pbx

[trunk-by-header]
type = identify
endpoint = trunk
match_header = {TRUNK_HEADER}

[trunk-by-address]
type = identify
endpoint = trunk
match = 127.0.0.1
"""
    for extension in extensions:
        label = extension.name or f"Operator {extension.number}"
        text += f"""
[{extension.number}]
type = endpoint
transport = udp
context = {phone_context}
aors = {extension.number}
disallow = all
allow = ulaw,alaw
direct_media = no
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
dtmf_mode = auto_info
call_group = 1
pickup_group = 1
callerid = {label} <{extension.number}>

[{extension.number}]
type = aor
contact = sip:{extension.number}@127.0.0.1:{extension.port}
"""
    return text + (_carrier(carrier, trunk_context) if carrier else "")


def _carrier(carrier: OutgoingTrunk, context: str) -> str:
    return f"""
[carrier]
type = endpoint
transport = udp
context = {context}
aors = carrier
disallow = all
allow = ulaw,alaw
direct_media = no
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
dtmf_mode = auto_info

[carrier]
type = aor
contact = sip:{carrier.host}:{carrier.port}
qualify_frequency = {carrier.qualify_seconds}
qualify_timeout = 1.0
"""


def queues_conf(queues: Sequence[Queue]) -> str:
    text = "[general]\npersistentmembers = no\nautofill = yes\nshared_lastcall = yes\n"
    for queue in queues:
        settings = {
            "strategy": queue.strategy,
            "timeout": str(queue.timeout),
            "retry": str(queue.retry),
            "ringinuse": "no",
            "setinterfacevar": "yes",
            "setqueueentryvar": "yes",
            "joinempty": "yes",
            "leavewhenempty": "no",
            "musicclass": "default",
            **queue.extra,
        }
        text += f"\n[{queue.name}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())
        text += "".join(f"member => {member}\n" for member in queue.members)
    return text


@dataclass(frozen=True)
class PhoneHabits:
    """What phones may do among themselves.

    `dial_options` are those of Dial: who may transfer (tT) and park (kK) by a feature code: `#1` blind, `*2`
    attended, `#72` parks. `parking_seconds`: how long a parked caller waits before he comes back to the phone
    that parked him. `dialplan`: further lines of the context `phones`.
    """

    dial_options: str = "tTkK"
    parking_seconds: int = 45
    dialplan: str = ""


def extensions_conf(
    dialplan: str,
    includes: Sequence[Path],
    variables: Mapping[str, str],
    extensions: Sequence[Extension],
    habits: PhoneHabits,
    *,
    has_carrier: bool = False,
) -> str:
    """Variables, included files, the given dialplan, and a context `phones` for what phones dial.

    There a phone's number calls it, `*8` and the number takes the call that rings there (`*8` alone: any),
    700 parks, 701 to 720 take a parked caller back, 800 to 809 are conference rooms, 8 or + and a long number
    goes to the carrier.
    """
    text = "[general]\nstatic = yes\nwriteprotect = yes\nclearglobalvars = no\n\n[globals]\n"
    text += "".join(f"{name} = {value}\n" for name, value in variables.items())
    text += "".join(f'#include "{path}"\n' for path in includes)
    text += "\n[phones]\ninclude => parkedcalls\n"
    options = habits.dial_options
    for extension in extensions:
        number = extension.number
        text += f"exten => {number},1,Dial(PJSIP/{number},30,{options})\n same => n,Hangup()\n"
    text += (
        "exten => _*8XXX,1,Pickup(${EXTEN:2}@phones&${EXTEN:2}@PICKUPMARK)\n"
        " same => n,PickupChan(PJSIP/${EXTEN:2},p)\n same => n,Hangup()\n"
        "exten => _80X,1,Answer()\n same => n,ConfBridge(${EXTEN})\n same => n,Hangup()\n"
    )
    if has_carrier:
        for pattern in ("_8XXXXXXXXXX", "_+X."):
            text += f"exten => {pattern},1,Dial(PJSIP/${{EXTEN}}@carrier,60,{options})\n"
            text += " same => n,Hangup()\n"
    return f"{text}{habits.dialplan}\n{dialplan}\n"


def parking_conf(parking_seconds: int) -> str:
    """One lot: 700 parks, 701 to 720 are its slots."""
    return (
        "[general]\n[default]\nparkext = 700\nparkpos = 701-720\ncontext = parkedcalls\n"
        f"parkingtime = {parking_seconds}\ncomebacktoorigin = yes\n"
        "parkedcalltransfers = both\nparkedcallreparking = both\n"
    )


def small_files(base: Path, ports: Ports) -> dict[str, str]:
    """The files with little to decide, by name."""
    start, end = ports.rtp
    return {
        "logger.conf": "[general]\ndateformat = %F %T.%3q\nqueue_log = yes\n"
        "[logfiles]\nmessages.log => notice,warning,error,dtmf,verbose(3)\n",
        "rtp.conf": f"[general]\nrtpstart = {start}\nrtpend = {end}\nicesupport = no\n",
        "musiconhold.conf": f"[default]\nmode = files\ndirectory = {base}/data/moh\n",
        "cdr.conf": "[general]\nenable = yes\nunanswered = yes\n",
        "cdr_manager.conf": "[general]\nenabled = yes\n",
        "cel.conf": "[general]\nenable = no\n",
        "features.conf": "[general]\nfeaturedigittimeout = 5000\n"
        "[featuremap]\nblindxfer = #1\natxfer = *2\nparkcall = #72\n",
        "confbridge.conf": "[general]\n",
        "acl.conf": "; no lists\n",
        **dict.fromkeys(("ccss.conf", "udptl.conf", "pjproject.conf", "queuerules.conf"), "[general]\n"),
        "indications.conf": "[general]\ncountry = us\n[us]\ndescription = tones\nringcadence = 2000,4000\n"
        "dial = 350+440\nbusy = 480+620/500,0/500\nring = 440+480/2000,0/4000\n"
        "congestion = 480+620/250,0/250\n",
    }
