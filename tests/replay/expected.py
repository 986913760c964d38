"""What each recording has to tell: a line per call, the caller first, then the steps of his call.

``talks 101`` is short for ``dialing 101; dial_ended 101 completed; answered 101``. The order of the steps is
for the reader; asserted are the steps, and that the call's end comes last. ``[…]`` is a step that may be told
or not: Asterisk takes a caller off hold by itself when it transfers him. A reason ``…`` is any (16 and 22
differ); a step ``…`` says that what else is told of this call is nobody's business.
"""

import re

TALES = {
    "queue_rrmemory": """
        79000000001: talks 101; ended completed
        79000000002: talks 102; ended completed
    """,
    "queue_ringall": """
        79000000001: dialing 101 102 103; dial_ended 102 completed; \
dial_ended 101 answered_elsewhere; dial_ended 103 answered_elsewhere; answered 102; ended completed
    """,
    "queue_linear": """
        79000000001: dialing 101; dial_ended 101 no_answer; talks 102; ended completed
    """,
    "queue_penalty": """
        79000000001: talks 101; ended completed
        79000000002: dialing 102 103; dial_ended 103 completed; dial_ended 102 answered_elsewhere; \
answered 103; ended completed
    """,
    "queue_local_member": """
        79000000001: talks 101; ended completed
    """,
    "queue_local_abandoned": """
        79000000001: dialing 101; dial_ended 101 cancelled; ended cancelled
    """,
    "queue_rejected": """
        79000000001: dialing 101; dial_ended 101 rejected; talks 102; ended completed
    """,
    "queue_no_answer": """
        79000000001: dialing 101; dial_ended 101 no_answer; dialing 101; dial_ended 101 no_answer; \
ended cancelled
    """,
    "queue_abandoned": """
        79000000001: dialing 101 102; dial_ended 101 cancelled; dial_ended 102 cancelled; ended cancelled
    """,
    "queue_nobody": """
        79000000001: ended cancelled
    """,
    "same_second": """
        79000000001: talks 101; ended completed
        79000000002: talks 102; ended completed
    """,
    "same_number": """
        79000000001: talks 101; ended completed
        79000000001: talks 102; ended completed
    """,
    "queue_pickup": """
        79000000001: dialing 101; dial_ended 101 answered_elsewhere; answered 102; ended completed
    """,
    "direct_dial": """
        79000000001: talks 101; ended completed
    """,
    "ring_group": """
        79000000001: dialing 101 102 103; dial_ended 102 completed; \
dial_ended 101 answered_elsewhere; dial_ended 103 answered_elsewhere; answered 102; ended completed
    """,
    "busy": """
        79000000001: dialing 101; dial_ended 101 busy; ended busy
    """,
    "local_n": """
        79000000001: talks 101; ended completed
    """,
    "local_optimized": """
        79000000001: talks 101; ended completed
    """,
    "two_phones": """
        79000000001: dialing 101 201; dial_ended 201 completed; dial_ended 101 answered_elsewhere; \
answered 201; ended completed
    """,
    "forward_dialplan": """
        79000000001: dialing 101; dial_ended 101 no_answer; talks 102; ended completed
    """,
    "forward_302": """
        79000000001: dialing 101; dial_ended 101 …; talks 102; ended completed
    """,
    "originate": """
        101: dialing 101; dial_ended 101 completed; talks +79000000005; ended completed
    """,
    "originate_no_answer": """
        101: dialing 101; dial_ended 101 no_answer; ended no_answer
    """,
    "unusual_numbers": """
        +79000000011: talks 101; ended completed
        89000000011: talks 101; ended completed
        +7 900 000-00-11: talks 101; ended completed
        74950000000/12: talks 101; ended completed
        12: talks 101; ended completed
        anonymous: talks 101; ended completed
        79000000012: talks 101; ended completed
    """,
    "office_east": """
        79000000001: talks 101; ended completed
    """,
    "office_west": """
        79000000002: talks 101; ended completed
    """,
    "internal": """
        101: talks 102; ended completed
    """,
    "internal_given_up": """
        101: dialing 102; dial_ended 102 cancelled; ended cancelled
    """,
    "outbound": """
        101: talks +79000000005; ended completed
    """,
    "outbound_busy": """
        101: dialing +79000000005; dial_ended +79000000005 busy; ended busy
    """,
    "hold": """
        79000000001: talks 101; held by 101; resumed by 101; ended completed
    """,
    "pickup": """
        79000000001: dialing 101; dial_ended 101 answered_elsewhere; answered 102; ended completed
    """,
    "parking_retrieved": """
        79000000001: talks 101; answered 102; ended completed
    """,
    "parking_by_phone": """
        79000000001: talks 101; transferred 700 blind by 101; answered 102; ended completed
    """,
    "parking_timeout": """
        79000000001: talks 101; talks 101; ended completed
    """,
    "conference": """
        79000000001: talks 101; answered 102; ended completed
    """,
    "blind_by_phone": """
        79000000001: talks 101; transferred 102 blind by 101; talks 102; ended completed
    """,
    "blind_no_answer": """
        79000000001: talks 101; transferred 102 blind by 101; dialing 102; \
dial_ended 102 cancelled; ended completed
    """,
    "blind_by_code": """
        79000000001: talks 101; [held by 101]; [resumed by 101]; transferred 102 blind by 101; \
talks 102; ended completed
    """,
    "blind_by_ami": """
        79000000001: talks 101; transferred 102 blind by 101; talks 102; ended completed
    """,
    "redirect_by_ami": """
        79000000001: talks 101; transferred 102 redirect; talks 102; ended completed
    """,
    "attended_by_phone": """
        79000000001: talks 101; held by 101; [resumed by 101]; transferred 102 attended by 101; \
answered 102; ended completed
        101: talks 102; …
    """,
    "blonde_by_phone": """
        79000000001: talks 101; held by 101; [resumed by 101]; transferred 102 blonde by 101; \
talks 102; ended completed
        101: dialing 102; …
    """,
    "attended_by_code": """
        79000000001: talks 101; held by 101; talks 102; transferred 102 attended by 101; ended completed
    """,
    "blonde_by_code": """
        79000000001: talks 101; held by 101; transferred 102 blonde by 101; talks 102; ended completed
    """,
    "queue_blind": """
        79000000001: talks 101; transferred 102 blind by 101; talks 102; ended completed
    """,
    "queue_to_queue": """
        79000000001: talks 101; transferred 501 blind by 101; talks 102; ended completed
    """,
    "outbound_transferred": """
        101: talks +79000000005; transferred 102 blind by 101; talks 102; ended completed
    """,
    "queue_local_optimized": """
        79000000001: talks 101; ended completed
    """,
    "transferred_twice": """
        79000000001: talks 101; transferred 102 blind by 101; talks 102; transferred 103 blind by 102; \
talks 103; ended completed
    """,
}
TALES["attended_by_ami"] = TALES["queue_attended"] = TALES["attended_by_code"]
TALES["blonde_by_ami"] = TALES["blonde_by_code"]


def steps_of(line: str) -> list[str]:
    """The steps of a line without its caller, none of them short."""
    steps = line.partition(": ")[2]
    return re.sub(r"talks (\+?\d+)", r"dialing \1; dial_ended \1 completed; answered \1", steps).split("; ")
