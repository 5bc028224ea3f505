"""systemd is told through its socket, and nobody is when there is none."""

import socket

from edge_agent.runtime.notify import notify


def test_the_service_manager_receives_the_lines(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify("READY=1", "STATUS=reading")
        assert manager.recv(100) == b"READY=1\nSTATUS=reading"


def test_abstract_names_are_understood(monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0hplc-edge-test")
        monkeypatch.setenv("NOTIFY_SOCKET", "@hplc-edge-test")
        notify("STOPPING=1")
        assert manager.recv(100) == b"STOPPING=1"


def test_outside_systemd_nothing_happens(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
