"""Python's `functools`, what of it is written in Python; the module's other names are in Rust."""


def partialmethod(function, *args, **keywords):
    def method(self, *more, **others):
        return function(self, *args, *more, **{**keywords, **others})

    return method


def singledispatch(function):
    kinds = {}

    def register(kind, implementation=None):
        if implementation is None:
            return lambda implementation: register(kind, implementation)
        kinds[kind] = implementation
        return implementation

    def dispatched(first, *args, **kwargs):
        for kind in type(first).__mro__:
            if kind in kinds:
                return kinds[kind](first, *args, **kwargs)
        return function(first, *args, **kwargs)

    dispatched.register = register
    return dispatched
