"""Python's `inspect`: what kind of object something is, and what a callable takes."""

import collections

import torchtab


def isfunction(object):
    return type(object).__name__ == "function"


def ismethod(object):
    return type(object).__name__ == "method"


def isbuiltin(object):
    return type(object).__name__ == "builtin_function_or_method"


def isroutine(object):
    return isfunction(object) or ismethod(object) or isbuiltin(object)


def isclass(object):
    return isinstance(object, type)


def ismodule(object):
    return type(object).__name__ == "module"


def isgenerator(object):
    return type(object).__name__ == "generator"


def isabstract(object):
    return False


def iscoroutinefunction(object):
    return False


class _Empty:
    pass


class Parameter:
    empty = _Empty
    POSITIONAL_ONLY, POSITIONAL_OR_KEYWORD, VAR_POSITIONAL, KEYWORD_ONLY, VAR_KEYWORD = range(5)

    def __init__(self, name, kind, *, default=_Empty, annotation=_Empty):
        self.name, self.kind, self.default, self.annotation = name, kind, default, annotation


class BoundArguments:
    def __init__(self, signature, arguments):
        self.signature, self.arguments = signature, arguments

    def apply_defaults(self):
        filled = {}
        for name, parameter in self.signature.parameters.items():
            if name in self.arguments:
                filled[name] = self.arguments[name]
            elif parameter.default is not _Empty:
                filled[name] = parameter.default
            elif parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
                filled[name] = () if parameter.kind == Parameter.VAR_POSITIONAL else {}
        self.arguments = filled


class Signature:
    empty = return_annotation = _Empty

    def __init__(self, parameters):
        self.parameters = collections.OrderedDict((p.name, p) for p in parameters)

    def bind_partial(self, *args, **kwargs):
        given, left = {}, list(args)
        for name, parameter in self.parameters.items():
            if parameter.kind == Parameter.VAR_POSITIONAL:
                given[name], left = tuple(left), []
            elif parameter.kind == Parameter.VAR_KEYWORD:
                given[name] = {key: value for key, value in kwargs.items() if key not in self.parameters}
            elif left and parameter.kind != Parameter.KEYWORD_ONLY:
                given[name] = left.pop(0)
            elif name in kwargs:
                given[name] = kwargs[name]
        return BoundArguments(self, given)

    def bind(self, *args, **kwargs):
        bound = self.bind_partial(*args, **kwargs)
        for name, parameter in self.parameters.items():
            if name not in bound.arguments and parameter.default is _Empty and parameter.kind in (0, 1, 3):
                raise TypeError(f"missing a required argument: {name!r}")
        return bound


def signature(callable):
    return Signature([Parameter(name, kind, default=default[0] if default else _Empty) for name, kind, default in torchtab.parameters(callable)])


_FullArgSpec = collections.namedtuple("FullArgSpec", "args varargs varkw defaults kwonlyargs kwonlydefaults annotations")


def getfullargspec(func):
    # unlike signatures, with the receiver of a method
    function = func.__init__ if isinstance(func, type) else func
    parameters = signature(function).parameters.values()
    args = [p.name for p in parameters if p.kind in (0, 1)]
    if isinstance(func, type) or ismethod(func):
        args = ["self"] + [name for name in args if name != "self"]
    defaults = tuple(p.default for p in parameters if p.kind in (0, 1) and p.default is not _Empty)
    only = [p.name for p in parameters if p.kind == 3]
    filled = {p.name: p.default for p in parameters if p.kind == 3 and p.default is not _Empty}
    star = [p.name for p in parameters if p.kind == 2]
    stars = [p.name for p in parameters if p.kind == 4]
    return _FullArgSpec(args, star[0] if star else None, stars[0] if stars else None, defaults or None, only, filled or None, {})
