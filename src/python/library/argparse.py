"""Python's `argparse`, for a command line without arguments: what `parse_args` gives is every option's default."""


class Namespace:
    def __init__(self, **kwargs):
        for name, value in kwargs.items():
            setattr(self, name, value)

    def __contains__(self, key):
        return key in self.__dict__

    def __eq__(self, other):
        return isinstance(other, Namespace) and vars(self) == vars(other)

    def __repr__(self):
        return "Namespace(" + ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items()) + ")"


class _Formatter:
    def __init__(self, prog=None, *args, **kwargs):
        self.prog = prog


HelpFormatter = ArgumentDefaultsHelpFormatter = RawTextHelpFormatter = RawDescriptionHelpFormatter = _Formatter
SUPPRESS, REMAINDER, OPTIONAL, ZERO_OR_MORE, ONE_OR_MORE = "==SUPPRESS==", "...", "?", "*", "+"


class ArgumentTypeError(Exception):
    pass


class ArgumentError(Exception):
    pass


class BooleanOptionalAction:
    pass


class _Option:
    def __init__(self, dest, default, required):
        self.dest, self.default, self.required = dest, default, required


def _dest(flags, prefix):
    long = [flag for flag in flags if flag.startswith(prefix * 2)]
    return (long or flags)[0].lstrip(prefix).replace("-", "_")


class ArgumentParser:
    def __init__(self, prog=None, usage=None, description=None, epilog=None, parents=(), formatter_class=None, prefix_chars="-", **kwargs):
        self.prog, self.usage, self.description, self.epilog = prog, usage, description, epilog
        self.prefix_chars = prefix_chars
        self._options = [option for parent in parents for option in parent._options]
        self._defaults = {}

    def add_argument(self, *flags, dest=None, default=None, type=None, action=None, nargs=None, required=None, const=None, **kwargs):
        named = flags and flags[0][:1] in self.prefix_chars
        if action in ("help", "version"):
            return None
        if action == "store_true" or action == "store_false":
            default = action == "store_false" if default is None else default
        # a default that is a text is read as the argument would be
        if isinstance(default, str) and type is not None:
            default = type(default)
        name = dest or (_dest(flags, self.prefix_chars[0]) if named else flags[0])
        needed = bool(required) if named else nargs not in ("?", "*") and default is None
        option = _Option(name, default, needed)
        self._options.append(option)
        return option

    def add_argument_group(self, *args, **kwargs):
        return self

    add_mutually_exclusive_group = add_argument_group

    def set_defaults(self, **kwargs):
        self._defaults.update(kwargs)

    def get_default(self, dest):
        return getattr(self.parse_args(), dest, None)

    def add_subparsers(self, **kwargs):
        return self

    def add_parser(self, *args, **kwargs):
        return ArgumentParser()

    def parse_args(self, args=None, namespace=None):
        if args:
            raise NotImplementedError("argparse with arguments that the source gives")
        namespace = namespace or Namespace()
        for option in self._options:
            if option.default is SUPPRESS:
                continue
            if option.required and option.default is None and option.dest not in self._defaults:
                # left out, so that asking for it says which argument the command line lacks
                continue
            if not hasattr(namespace, option.dest):
                setattr(namespace, option.dest, option.default)
        for name, value in self._defaults.items():
            setattr(namespace, name, value)
        return namespace

    def parse_known_args(self, args=None, namespace=None):
        return self.parse_args(args, namespace), []

    def print_help(self, file=None):
        pass

    print_usage = print_help

    def error(self, message):
        raise SystemExit(message)
