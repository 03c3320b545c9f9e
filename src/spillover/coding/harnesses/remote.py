"""Stands for an object of the submission in the process that checks it.

A comparison of such an object would be the submission's own word, so it is never asked for one: an object that is
equal to everything fails the check, and one that compares in a way of its own cannot be judged.
"""

from typing import Any

from .objects import FORWARDED, Message

COMPARING = "__lt__ __le__ __gt__ __ge__"


class Remote:
    """Stands for an object of the submission: what is asked of it is done there, but for comparisons."""

    def __init__(self, session: Any, number: int, info: Message) -> None:
        object.__setattr__(self, "_session", session)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_info", info)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make an object, or call one."""
        session, number = _of(self)
        return session.call(number, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        session, number = _of(self)
        return session.value(session.ask({"do": "get", "on": number, "name": name}))

    def __setattr__(self, name: str, value: Any) -> None:
        session, number = _of(self)
        reply = session.ask({"do": "set", "on": number, "name": name, "to": session.write(value)})
        if "error" in reply:
            raise session.error_of(reply["error"])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Remote) and _of(self) == _of(other):
            return True
        if other is None:
            return False
        _of(self)[0].distrust(self, "compares", equality=True)
        return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        session, number = _of(self)
        if not object.__getattribute__(self, "_info").get("itself"):
            session.distrust(self, "hashes")
        return hash(number)

    def __bool__(self) -> bool:
        session, _ = _of(self)
        if not object.__getattribute__(self, "_info").get("true"):
            session.distrust(self, "takes for true or false")
        return True

    def __contains__(self, item: Any) -> bool:
        """Asked of two things more that nobody holds: who has them all has lied."""
        answers = [_method(self, "__contains__", one) for one in (item, "§ no answer", 918_273_645_546)]
        if answers == [True, True, True]:
            _of(self)[0].distrust(self, "looks into")
        return bool(answers[0])

    def __instancecheck__(self, item: Any) -> bool:
        if not isinstance(item, Remote):
            return False
        return _kinds(self)[0] in _kinds(item)


def _of(remote: Remote) -> tuple[Any, int]:
    return object.__getattribute__(remote, "_session"), object.__getattribute__(remote, "_number")


def _kinds(remote: Remote) -> list[str]:
    found: list[str] = object.__getattribute__(remote, "_info")["kinds"]
    return found


def _method(remote: Remote, name: str, *args: Any) -> Any:
    session, number = _of(remote)
    if name == "__next__":
        reply = session.ask({"do": "next", "on": number, "send": session.write(None)})
        if "stop" in reply:
            raise StopIteration
        return session.value(reply)
    return session.value(session.ask({"do": "method", "on": number, "name": name, "given": session.write((args, {}))}))


def _forward(name: str) -> Any:
    return lambda self, *args: _method(self, name, *args)


def _refuse(self: Remote, _: object) -> bool:
    _of(self)[0].distrust(self, "compares")
    return False


for _name in COMPARING.split():
    setattr(Remote, _name, _refuse)


def remote_class(base: type[Remote], info: Message) -> type[Remote]:
    """A class with the special methods that the submission's has, so that the interpreter falls back as it would."""
    return type("Remote", (base,), {name: _forward(name) for name in info.get("has", ()) if name in FORWARDED})
