"""Names of Azure ML's SDK v1 that are not supported yet: they can be imported, and say on use what to do instead."""
import warnings
from typing import Any, Set, Tuple

from .exceptions import UserErrorException


class NotSupported(UserErrorException, AttributeError):
    """What was used is a name of Azure ML's SDK v1 that Muster does not have."""


class _Unsupported(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise NotSupported(_words(cls))

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotSupported(_words(cls))


def unsupported(name: str, instead: str) -> Any:
    """A class of that name that cannot be made nor used; UserErrorException then, with what to do instead."""
    return _Unsupported(name.rpartition(".")[2], (), {"__doc__": "Not supported: {}".format(instead), "__module__": name.rpartition(".")[0],
                                                      "_instead": instead})


def unsupported_method(name: str, instead: str) -> Any:
    """A method of that name, `Class.method`, that cannot be called; UserErrorException then, with what to do instead."""
    def method(*args: Any, **kwargs: Any) -> Any:
        raise NotSupported("{}: Muster does not have this. {}".format(name, instead))
    method.__name__ = name.rpartition(".")[2]
    method.__doc__ = "Not supported: {}".format(instead)
    return method


def _words(cls: Any) -> str:
    return "{}.{}: Muster does not have this. {}".format(cls.__module__, cls.__name__, cls.__dict__["_instead"])


_warned: Set[Tuple[str, str]] = set()


def warn_ignored(function: str, stacklevel: int = 3, **given: Any) -> None:
    """Warns, once for each, of arguments that concern Azure's service alone and do nothing here; None was not given."""
    names = [name for name, value in given.items() if value is not None and (function, name) not in _warned]
    if names:
        _warned.update((function, name) for name in names)
        warnings.warn("{}: {} {} nothing to a server of your own, and {} ignored.".format(
            function, ", ".join(names), "mean" if len(names) > 1 else "means", "are" if len(names) > 1 else "is"), stacklevel=stacklevel)
