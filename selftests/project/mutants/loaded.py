"""Changed code for a module that is loaded: put into its functions, whoever holds them."""

import gc
import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType


class NotInFunctionsError(Exception):
    """What differs runs when the module is loaded."""


def put(path: str, before: str, after: str) -> None:
    """Let the functions of a module do what they do by its changed text.

    Args:
        path: of its file.
        before: its text.
        after: the changed one.

    Raises:
        NotInFunctionsError: what differs is outside of functions, or no such function is loaded.
        SyntaxError: the changed text is no Python.
    """
    texts = (compile(text, path, "exec", dont_inherit=True) for text in (before, after))
    changed = {(old.co_qualname, old.co_firstlineno): new for old, new in _changed(*texts)}
    found = False
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename == path:
            new = changed.get((each.__code__.co_qualname, each.__code__.co_firstlineno))
            if new is not None and new.co_freevars == each.__code__.co_freevars:
                each.__code__ = new
                found = True
    if not found:
        raise NotInFunctionsError


def _changed(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The functions that differ, and those around them, before and after."""
    if _own(old) != _own(new) and not old.co_flags & inspect.CO_OPTIMIZED:
        raise NotInFunctionsError  # in the module itself, or the body of a class
    inner = [list(_inner(code)) for code in (old, new)]
    if len(inner[0]) != len(inner[1]):
        raise NotInFunctionsError
    below = [pair for pairs in zip(*inner, strict=True) for pair in _changed(*pairs)]
    yield from below
    if (below or _own(old) != _own(new)) and old.co_flags & inspect.CO_OPTIMIZED:
        yield old, new


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (each for each in code.co_consts if isinstance(each, CodeType))


def _own(code: CodeType) -> tuple[object, ...]:
    """What a code does itself."""
    constants = tuple((type(each), each) for each in code.co_consts if not isinstance(each, CodeType))
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars
