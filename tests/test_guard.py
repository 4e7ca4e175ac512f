"""The guard of conftest.py does refuse the network, here and in child processes."""

import socket
import subprocess
import sys
import urllib.request

import pytest

# 192.0.2.0/24 and .invalid are reserved for examples (RFC 5737, RFC 2606): nothing is disturbed if the guard is broken
FAR = ("192.0.2.1", 80)


def test_connections_and_names_beyond_loopback_are_refused():
    with pytest.raises(OSError, match="tests run offline"):
        socket.create_connection(FAR, timeout=1)
    with pytest.raises(OSError, match="tests run offline"):
        socket.getaddrinfo("models.invalid", 443)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, pytest.raises(OSError, match="tests run offline"):
        udp.sendto(b"x", FAR)
    with socket.socket() as tcp, pytest.raises(OSError, match="tests run offline"):
        tcp.connect_ex(FAR)
    with pytest.raises(OSError, match="tests run offline"):
        urllib.request.urlopen("http://models.invalid/", timeout=1)


def test_loopback_works():
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(("localhost", server.getsockname()[1]), timeout=5)
        accepted, _ = server.accept()
    with client, accepted:
        accepted.sendall(b"here")
        assert client.recv(4) == b"here"


@pytest.mark.parametrize("extra", [[], ["-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"]])
def test_child_processes_and_theirs_are_refused(extra):
    reach = [sys.executable, "-c", f"import socket; socket.create_connection({FAR!r}, timeout=1)"]
    child = subprocess.run(([sys.executable, *extra] if extra else []) + reach, capture_output=True, text=True)
    assert child.returncode == 1
    assert "tests run offline" in child.stderr
