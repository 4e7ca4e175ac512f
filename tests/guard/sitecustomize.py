"""Aeroplane mode for every Python process that a test starts (this folder stands first in PYTHONPATH).

Refuses names and connections beyond this machine's loopback, where Python code can reach them: `socket`. What
goes round Python (a browser, curl) is watched by its own tests.
"""

import ipaddress
import socket


class NetworkRefused(OSError):
    """A test tried to leave this machine."""


def _local(host) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost", "<broadcast>") or host == socket.gethostname():
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _check(host) -> None:
    if not _local(host):
        raise NetworkRefused(f"tests run offline: refused to reach {host}")


def _guard_address(method):
    def guarded(self, *args):
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(args[-1], tuple):
            _check(args[-1][0])
        return method(self, *args)

    return guarded


def _guard_name(function):
    def guarded(host, *args, **kwargs):
        _check(host)
        return function(host, *args, **kwargs)

    return guarded


for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, _guard_address(getattr(socket.socket, name)))
for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
    setattr(socket, name, _guard_name(getattr(socket, name)))
