"""Python's `contextlib`: managers of `with` statements. `contextmanager` runs the statement's body where the generator yields."""

import functools


class suppress:
    def __init__(self, *exceptions):
        self.exceptions = exceptions

    def __enter__(self):
        pass

    def __exit__(self, kind, value, traceback):
        return kind is not None and issubclass(kind, self.exceptions)


class nullcontext:
    def __init__(self, enter_result=None):
        self.enter_result = enter_result

    def __enter__(self):
        return self.enter_result

    def __exit__(self, *exception):
        pass


class _Generator:
    def __init__(self, function, args, kwargs):
        self.function, self.args, self.kwargs = function, args, kwargs

    def runs_around(self):
        self.function(*self.args, **self.kwargs)


def contextmanager(function):
    @functools.wraps(function)
    def made(*args, **kwargs):
        return _Generator(function, args, kwargs)

    return made


class ExitStack:
    def __init__(self):
        self._exits = []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for leave in reversed(self._exits):
            leave(*exception)

    def enter_context(self, manager):
        value = manager.__enter__() if hasattr(manager, "__enter__") else manager
        if hasattr(manager, "__exit__"):
            self._exits.append(manager.__exit__)
        return value

    def callback(self, function, *args, **kwargs):
        self._exits.append(lambda *exception: function(*args, **kwargs))
        return function
