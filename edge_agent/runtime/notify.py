"""Tells systemd how the service is: sd_notify(3) in a few lines, since the libraries for it are stale."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(*lines: str) -> None:
    """Send lines such as ``READY=1``; does nothing outside systemd. A lost notification is systemd's to notice."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        # a leading @ is the abstract name space
        sock.sendto("\n".join(lines).encode(), "\0" + address[1:] if address.startswith("@") else address)
