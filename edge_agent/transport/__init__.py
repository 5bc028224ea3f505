"""Ways to the meters' bytes, chosen by URL scheme. One file for each; the package finds them by scanning itself."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from urllib.parse import urlsplit

from edge_agent.errors import ConfigError
from edge_agent.transport.base import Framing, Link

__all__ = ["Framing", "Link", "create_link", "framing_of"]


@cache
def _schemes() -> dict[str, ModuleType]:
    """URL scheme -> module; a scheme that two modules claim stops the program with both names."""
    found: dict[str, ModuleType] = {}
    for info in pkgutil.iter_modules(__path__, __name__ + "."):
        module = importlib.import_module(info.name)
        for scheme in getattr(module, "SCHEMES", {}):
            if scheme in found:
                raise ConfigError([f"url scheme {scheme!r} is claimed by {found[scheme].__file__} and {module.__file__}: remove one"])
            found[scheme] = module
    return found


def create_link(url: str) -> Link:
    """A closed link for ``url``.

    Raises:
        ConfigError: unknown scheme or unusable URL, in one line.
    """
    link: Link = _module(url).create(url)
    return link


def framing_of(url: str) -> Framing:
    """How Modbus is framed on the link of ``url``."""
    framing: Framing = _module(url).SCHEMES[urlsplit(url).scheme]
    return framing


def _module(url: str) -> ModuleType:
    try:
        scheme = urlsplit(url).scheme
    except ValueError as exc:
        raise ConfigError([f"url {url!r}: {exc}"]) from exc
    module = _schemes().get(scheme)
    if module is None:
        raise ConfigError([f"url {url!r}: unknown scheme {scheme!r}; known: {', '.join(sorted(name + '://' for name in _schemes()))}"])
    return module
