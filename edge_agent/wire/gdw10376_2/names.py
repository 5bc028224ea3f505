"""The function table of Q/GDW 10376.2-2024 (table 7 and the Fn tables of 6.5): every Fn the standard gives a meaning."""

from __future__ import annotations

from edge_agent.wire.gdw10376_2.codes import Code

NOT_IN_THE_TABLE = "vendor / not in the standard table"

_BY_AFN: dict[int, dict[int, str]] = {
    0x00: {1: "confirm", 2: "deny"},
    0x01: {1: "hardware init", 2: "parameter area init", 3: "data area init"},
    0x02: {1: "forward protocol frame"},
    0x03: {
        1: "vendor code and version", 2: "noise", 3: "slave nodes heard", 4: "main node address", 5: "main node state and speed",
        6: "main node interference", 7: "slave monitoring timeout", 8: "radio parameters", 9: "duration of a delay-dependent broadcast",
        10: "run mode information", 11: "supported functions", 12: "main node module id", 16: "HPLC band", 17: "radio channel",
        18: "channel encryption", 100: "field strength threshold",
    },
    0x04: {1: "send test", 2: "slave roll-call", 3: "module communication test"},
    0x05: {
        1: "set main node address", 2: "allow slave reports", 3: "start broadcast", 4: "set slave monitoring timeout",
        5: "set radio parameters", 6: "allow area identification", 10: "set serial speed", 16: "set HPLC band", 17: "set radio channel",
        18: "set channel encryption", 20: "broadcast long message", 100: "set field strength threshold", 101: "set centre node time",
        200: "allow reports of refused nodes",
    },
    0x06: {
        1: "report slave nodes", 2: "report read data", 3: "report route working change", 4: "report slave nodes and device types",
        5: "report slave-node event",
    },
    0x10: {
        1: "slave node count", 2: "slave node information", 3: "relays above a slave node", 4: "route running state",
        5: "slave nodes not read", 6: "slave nodes that registered", 7: "slave node module ids", 9: "network size",
        20: "dual-mode network topology", 21: "network topology", 31: "phase information", 40: "id of one node",
        100: "radio network size", 101: "radio slave nodes", 104: "module versions", 111: "network information (NID, neighbours)",
        112: "broadband carrier chip information",
    },
    0x11: {
        1: "add slave nodes", 2: "delete slave nodes", 3: "set relay path", 4: "set route working mode", 5: "start slave registration",
        6: "stop slave registration", 100: "set network size", 101: "start network maintenance", 102: "start network formation",
    },
    0x12: {1: "route restart", 2: "route pause", 3: "route resume"},
    0x13: {1: "monitor slave node", 2: "monitor slave node, long"},
    0x14: {
        1: "route asks what to read", 2: "route asks for the clock", 3: "route asks for delay correction", 4: "route asks for own metering",
    },
    0x15: {1: "file transfer"},
    0xF1: {1: "concurrent meter reading", 2: "confirm a pushed report"},
}

NAMES: dict[Code, str] = {Code(afn, fn): name for afn, functions in _BY_AFN.items() for fn, name in functions.items()}
