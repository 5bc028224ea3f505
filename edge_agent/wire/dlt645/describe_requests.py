"""What a request asks for as JSON, with the keys of the test vectors."""

from __future__ import annotations

from edge_agent.wire.dlt645.describe_values import described_values
from edge_agent.wire.dlt645.identifiers import identifier
from edge_agent.wire.dlt645.recalled import RELAY_ACTIONS
from edge_agent.wire.dlt645.requests import (
    BroadcastTime,
    ChangeBaud,
    ChangePassword,
    ClearDemand,
    ClearEvents,
    ClearMeter,
    Credentials,
    Freeze,
    Read,
    Read1997,
    ReadAddress,
    ReadMore,
    Relay,
    Request645,
    Security,
    Write,
    WriteAddress,
)


def named(di: str) -> dict[str, object]:
    """The identifier, and its name where a table has it."""
    known = identifier(di)
    return {"di": di} if known is None else {"di": di, "quantity": known.name}


def described_request(request: Request645, data: bytes) -> dict[str, object]:
    """``data`` is the data field that ``request`` was taken from."""
    match request:
        case Read(di=di, records=records, since=since):
            said = named(di)
            if records is not None:
                said["records"] = records
            if since is not None:
                said["since"] = since.isoformat(sep=" ", timespec="minutes")
            return said
        case ReadMore(di=di, seq=seq):
            return named(di) | {"seq": seq}
        case Read1997(di=di):
            return named(di)
        case BroadcastTime(time=time):
            return {"time": time.isoformat(sep=" ")}
        case Freeze():
            return {"freeze": request.cycle}
        case ChangeBaud(baud=baud):
            return {"baud": baud}
        case WriteAddress(new_address=new_address):
            return {"new_address": new_address}
        case ReadAddress() | Security():
            return {}
        case _:
            return _privileged(request, data)


def _privileged(request: Write | ChangePassword | ClearDemand | ClearMeter | ClearEvents | Relay, data: bytes) -> dict[str, object]:
    if isinstance(request, ChangePassword):
        new = {"new_level": request.new_level, "new_password": request.new_password}
        return named(request.di) | {"level": request.level, "password": request.password} | new
    said = _credentials(request.credentials)
    match request:
        case Write(di=di, payload=payload):
            raw: dict[str, object] = {"value_raw_lsb_first": payload.hex()} if payload else {}
            return named(di) | said | raw | described_values(di, payload)
        case ClearEvents(di=di):
            return said | {"di": di}
        case Relay(action=action, reserved=reserved, valid_until=valid_until):
            return said | {
                "N1": f"{action:02X} {RELAY_ACTIONS.get(action, '?')}",
                "N2": f"reserved {reserved:02X}",
                "valid_until_lsb_first": data[-6:].hex(),
                "valid_until": valid_until.isoformat(sep=" "),
            }
    return said


def _credentials(credentials: Credentials) -> dict[str, object]:
    return {"level": credentials.level, "password": credentials.password, "operator": credentials.operator}
