"""paho-mqtt behind ``BrokerLink``: its only door. Driven by the event loop without paho's thread.

Rules measured in mqtt_reliability.md 1.6: the application keeps the window (paho's own queue loses or doubles messages), return codes are
looked at, callbacks cannot raise, each connection is a new client object.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.errors import LinkError
from edge_agent.publish.link import Connected, Will
from edge_agent.publish.settings import MqttSettings

_WILL_DELAY_S = 5                     # a reconnection within it is no outage of the agent (mqtt_reliability.md 1.2)
_CONNACK_TIMEOUT_S = 3.0
_MISC_EVERY_S = 1.0                   # keepalive
_DEFAULT_RECEIVE_MAXIMUM = 65_535     # MQTT 5.0, 3.2.2.3.3
_UNSUPPORTED_PROTOCOL = (0x84, 0x01)  # MQTT 5 reason, MQTT 3.1.1 return code


class UnsupportedProtocol(LinkError):
    """The broker does not speak MQTT 5."""


class NoConnack(LinkError):
    """The connection stands, but nobody answers in MQTT: some brokers do this to a protocol that they do not know."""


class MqttLink:
    """One connection of one client object."""

    def __init__(self, settings: MqttSettings, client_id: str, protocol: str, will: Will) -> None:
        self.on_ack: Callable[[int, int], None] = lambda mid, reason: None
        self.on_lost: Callable[[str], None] = lambda reason: None
        self._settings, self._protocol = settings, protocol
        self._is_v5 = protocol == "5"
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._misc: asyncio.TimerHandle | None = None
        self._connack: asyncio.Future[Connected] = self._loop.create_future()
        self._is_over = False
        self._client = self._make_client(client_id, will)

    def _make_client(self, client_id: str, will: Will) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5 if self._is_v5 else paho.MQTTv311,
            **({} if self._is_v5 else {"clean_session": True}),  # type: ignore[arg-type]
        )
        client.max_inflight_messages_set(0)      # before connect: the window is ours
        client.max_queued_messages_set(0)
        properties = None
        if self._is_v5:
            properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
            properties.WillDelayInterval = _WILL_DELAY_S
        client.will_set(will.topic, will.payload, qos=1, retain=True, properties=properties)
        client.on_connect, client.on_publish, client.on_disconnect = self._on_connect, self._on_publish, self._on_disconnect
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_register_write
        client.on_socket_unregister_write = self._on_unregister_write
        return client

    async def connect(self, timeout_s: float) -> Connected:
        try:
            self._use_credentials()
            async with asyncio.timeout(timeout_s):
                # paho connects and shakes hands blocking: in a thread, so that a black-holed broker stops nobody
                await self._in_thread(timeout_s)
                self._adopt_socket()
                try:
                    async with asyncio.timeout(_CONNACK_TIMEOUT_S):
                        return await self._connack
                except TimeoutError as exc:
                    raise NoConnack(f"no answer to MQTT {self._protocol}") from exc
        except TimeoutError as exc:
            self.abort()
            raise LinkError(f"no answer within {timeout_s:g} s") from exc
        except ssl.SSLCertVerificationError as exc:
            self.abort()
            raise LinkError(f"certificate refused: {exc.verify_message}; check ca_file and the host name in the url") from exc
        except (OSError, ValueError) as exc:
            self.abort()
            raise LinkError(getattr(exc, "strerror", None) or str(exc) or type(exc).__name__) from exc
        except LinkError:
            self.abort()
            raise

    async def _in_thread(self, timeout_s: float) -> None:
        """Run paho's connect in a daemon thread: one that hangs must not hold up the end of the process."""
        client, settings, loop = self._client, self._settings, self._loop
        client.connect_timeout = timeout_s
        done: asyncio.Future[None] = loop.create_future()

        def tell(error: BaseException | None) -> None:
            if done.cancelled():
                return
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

        def connect() -> None:
            error: BaseException | None = None
            try:
                if self._is_v5:
                    client.connect(settings.host, settings.port, settings.keepalive_s, clean_start=True)
                else:
                    client.connect(settings.host, settings.port, settings.keepalive_s)
            except (OSError, ValueError) as exc:
                error = exc
            with contextlib.suppress(RuntimeError):      # the loop may be gone by now
                loop.call_soon_threadsafe(tell, error)

        threading.Thread(target=connect, name="mqtt-connect", daemon=True).start()
        await done

    def _use_credentials(self) -> None:
        settings = self._settings
        if settings.username is not None:
            password = None
            if settings.password_file is not None:
                password = Path(settings.password_file).read_text(encoding="utf-8").rstrip("\n")
            self._client.username_pw_set(settings.username, password)
        if settings.uses_tls:
            context = ssl.create_default_context(cafile=settings.ca_file)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if settings.cert_file is not None:
                context.load_cert_chain(settings.cert_file, settings.key_file)
            self._client.tls_set_context(context)

    def _adopt_socket(self) -> None:
        sock: Any = self._client.socket()
        if sock is None:
            raise LinkError("connection closed by the broker")
        self._socket = sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.add_reader(sock, self._readable)
        self._misc = self._loop.call_later(_MISC_EVERY_S, self._look_after)
        if self._client.want_write():
            self._loop.add_writer(sock, self._writable)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> int | None:
        if self._is_over or self._socket is None:
            return None
        info = self._client.publish(topic, payload, qos=qos, retain=retain)
        return info.mid if info.rc == paho.MQTT_ERR_SUCCESS else None

    async def disconnect(self, timeout_s: float) -> None:
        self._is_over = True
        with contextlib.suppress(OSError, ValueError):
            self._client.disconnect()
            end_s = self._loop.time() + timeout_s
            while self._socket is not None and self._client.want_write() and self._loop.time() < end_s:
                await asyncio.sleep(0.01)
        self._release()

    def abort(self) -> None:
        self._is_over = True
        self._release()

    # --- what paho and the event loop call -----------------------------------------------------------------------------------------

    def _readable(self) -> None:
        # one packet a call; all that has arrived is taken in one go, so that a hundred acks are one turn of the loop
        code = self._client.loop_read(max_packets=200)
        if code != paho.MQTT_ERR_SUCCESS:
            self._lost(paho.error_string(code))

    def _writable(self) -> None:
        code = self._client.loop_write()
        if code != paho.MQTT_ERR_SUCCESS:
            self._lost(paho.error_string(code))

    def _look_after(self) -> None:
        code = self._client.loop_misc()
        if code != paho.MQTT_ERR_SUCCESS:
            self._lost(f"{paho.error_string(code)} (keepalive)")
        elif not self._is_over:
            self._misc = self._loop.call_later(_MISC_EVERY_S, self._look_after)

    def _on_connect(self, _client: object, _data: object, _flags: object, reason: ReasonCode, properties: Properties | None) -> None:
        if self._connack.done():
            return
        if reason.value in _UNSUPPORTED_PROTOCOL and self._is_v5:
            self._connack.set_exception(UnsupportedProtocol("the broker does not speak MQTT 5"))
        elif reason.is_failure:
            self._connack.set_exception(LinkError(f"refused: {str(reason).lower()}"))
        else:
            granted = getattr(properties, "ReceiveMaximum", None) if properties is not None else None
            self._connack.set_result(Connected(protocol=self._protocol, receive_maximum=granted or _DEFAULT_RECEIVE_MAXIMUM))

    def _on_publish(self, _client: object, _data: object, mid: int, reason: ReasonCode, _properties: object) -> None:
        self.on_ack(mid, reason.value)

    def _on_disconnect(self, _client: object, _data: object, _flags: object, reason: ReasonCode, _properties: object) -> None:
        self._lost(str(reason).lower())

    def _on_socket_close(self, _client: object, _data: object, sock: Any) -> None:
        self._forget_socket(sock)

    def _on_register_write(self, _client: object, _data: object, sock: Any) -> None:
        if self._socket is not None:      # while connecting in the thread the loop must not be touched
            self._loop.add_writer(sock, self._writable)

    def _on_unregister_write(self, _client: object, _data: object, sock: Any) -> None:
        if self._socket is not None:
            self._loop.remove_writer(sock)

    def _lost(self, reason: str) -> None:
        if not self._connack.done():
            self._connack.set_exception(NoConnack(f"closed without an answer to MQTT {self._protocol}: {reason}"))
        was_over, self._is_over = self._is_over, True
        self._release()
        if not was_over:
            self.on_lost(reason)

    def _release(self) -> None:
        if self._misc is not None:
            self._misc.cancel()
            self._misc = None
        sock = self._socket
        if sock is not None:
            self._forget_socket(sock)
            with contextlib.suppress(OSError):
                sock.close()
        if self._connack.done() and not self._connack.cancelled():
            self._connack.exception()      # looked at: a refusal that came after the time-out is no unhandled error

    def _forget_socket(self, sock: Any) -> None:
        if self._socket is not None and sock is not None:
            with contextlib.suppress(OSError, ValueError):
                self._loop.remove_reader(sock)
                self._loop.remove_writer(sock)
        self._socket = None
