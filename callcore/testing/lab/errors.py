"""What can go wrong in the laboratory.

LabError                 every message says what happened and what to do about it
 +- NotDebian            this machine cannot unpack Debian's packages: tests may skip, naming the reason
 +- FetchFailed          the packages could not be had (network, mirror, disk)
 |   +- KeyringTooOld    the machine's Debian keyring is older than the keys of the suite
 +- NotFetched           a tool is asked for that was never fetched
 +- StartFailed          a program of the laboratory did not come up; carries the end of its log
"""


class LabError(Exception):
    """Something of the laboratory is missing or broken; the text names the remedy."""


class NotDebian(LabError):
    """This is not a Debian system, so the laboratory cannot be fetched here."""


class FetchFailed(LabError):
    """Packages could not be fetched or unpacked."""


class KeyringTooOld(FetchFailed):
    """The keyring knows none of the keys that sign this suite."""


class NotFetched(LabError):
    """A tool is neither installed on the system nor in the laboratory's folder."""


class StartFailed(LabError):
    """A program of the laboratory did not start; the text ends with its last log lines."""
