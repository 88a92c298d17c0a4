"""Python's `os`, `sys` and `time`, as far as sources mention them in passing: paths are texts, there are no files, and no time passes."""

environ = {}
sep, linesep, name, pathsep, curdir = "/", "\n", "posix", ":", "."
argv, modules, maxsize, version_info, platform = ["model.py"], {}, 9223372036854775807, (3, 11, 0), "linux"
version, executable, byteorder = "3.11.0", "python", "little"


def getenv(key, default=None):
    return default


def getcwd():
    return "."


def cpu_count():
    return 1


def makedirs(name, mode=0o777, exist_ok=False):
    pass


mkdir = makedirs


def _join(first, *parts):
    joined = first
    for part in parts:
        joined = part if part.startswith("/") else joined + part if joined.endswith("/") or not joined else joined + "/" + part
    return joined


def _split(text):
    head, slash, tail = text.rpartition("/")
    return (head or slash, tail)


def _splitext(text):
    stem, dot, extension = _split(text)[1].rpartition(".")
    return (text[: -len(extension) - 1], dot + extension) if stem else (text, "")


class _Paths(list):
    """`sys.path` that sources append to, and `os.path`."""

    sep = "/"
    join, split, splitext = staticmethod(_join), staticmethod(_split), staticmethod(_splitext)
    basename = staticmethod(lambda text: _split(text)[1])
    dirname = staticmethod(lambda text: _split(text)[0])
    abspath = realpath = normpath = expanduser = staticmethod(lambda text: text)
    exists = isfile = isdir = staticmethod(lambda text: False)


path = _Paths()


def time():
    return 0.0


perf_counter = monotonic = process_time = time


def time_ns():
    return 0


def sleep(seconds):
    pass


def strftime(format, t=None):
    return ""


def ctime(seconds=None):
    return ""
