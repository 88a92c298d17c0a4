class aten:
    """Operators whose meaning in TorchScript is not that of the function of torch with their name: those that take plain values, lists, dicts and
    texts, and those whose schema has other arguments. What is not here is looked up in torch.
    """

    # Numbers and tensors

    def add(a, b, alpha=1):
        return a + b if alpha == 1 else torch.add(a, b, alpha=alpha)

    def add_(a, b, alpha=1):
        if isinstance(a, list):
            a.extend(b)
            return a
        return a.add_(b, alpha=alpha)

    def sub(a, b, alpha=1):
        return a - b if alpha == 1 else torch.sub(a, b, alpha=alpha)

    def rsub(a, b, alpha=1):
        return b - a * alpha

    def mul(a, b):
        return a * b

    def neg(a):
        return -a

    def div(a, b, rounding_mode=None):
        tensors = isinstance(a, Tensor) or isinstance(b, Tensor)
        if not tensors:
            return a / b
        if _VERSION < 4 and rounding_mode is None and not any(_fractional(x) for x in (a, b)):
            rounding_mode = "trunc"
        return torch.div(a, b, rounding_mode=rounding_mode)

    def div_(a, b, rounding_mode=None):
        return a.copy_(aten.div(a, b, rounding_mode))

    def true_divide(a, b):
        return a / b

    def floordiv(a, b):
        return a // b

    def __round_to_zero_floordiv(a, b):
        return math.trunc(a / b)

    def remainder(a, b):
        return a % b

    def fmod(a, b):
        return torch.fmod(a, b) if isinstance(a, Tensor) else math.fmod(a, b)

    def pow(a, b):
        return a**b if isinstance(a, Tensor) or isinstance(b, Tensor) else float(a) ** b

    def abs(x):
        return abs(x)

    def floor(x):
        return torch.floor(x) if isinstance(x, Tensor) else math.floor(x)

    def ceil(x):
        return torch.ceil(x) if isinstance(x, Tensor) else math.ceil(x)

    def round(x, decimals=0):
        return torch.round(x, decimals=decimals) if isinstance(x, Tensor) else float(round(x))

    def sqrt(x):
        return torch.sqrt(x) if isinstance(x, Tensor) else math.sqrt(x)

    def exp(x):
        return torch.exp(x) if isinstance(x, Tensor) else math.exp(x)

    def log(x):
        return torch.log(x) if isinstance(x, Tensor) else math.log(x)

    def log2(x):
        return torch.log2(x) if isinstance(x, Tensor) else math.log2(x)

    def sin(x):
        return torch.sin(x) if isinstance(x, Tensor) else math.sin(x)

    def cos(x):
        return torch.cos(x) if isinstance(x, Tensor) else math.cos(x)

    def tanh(x):
        return torch.tanh(x) if isinstance(x, Tensor) else math.tanh(x)

    def eq(a, b):
        return a == b

    def ne(a, b):
        return a != b

    def lt(a, b):
        return a < b

    def le(a, b):
        return a <= b

    def gt(a, b):
        return a > b

    def ge(a, b):
        return a >= b

    def __and__(a, b):
        return a & b

    def __or__(a, b):
        return a | b

    def __xor__(a, b):
        return a ^ b

    def __lshift__(a, b):
        return a << b

    def __rshift__(a, b):
        return a >> b

    def __not__(a):
        return not a

    def __is__(a, b):
        return a is b

    def __isnot__(a, b):
        return a is not b

    def Int(x):
        return int(x)

    def Float(x):
        return float(x)

    def Bool(x):
        return bool(x)

    IntImplicit, FloatImplicit = Int, Float

    def ScalarImplicit(x):
        return x.item()

    def __range_length(low, high, step):
        return len(range(low, high, step))

    def __derive_index(index, start, step):
        return start + index * step

    # Lists, dicts and texts

    def len(x):
        return x.shape[0] if isinstance(x, Tensor) else len(x)

    def list(x):
        return list(x)

    def dict(*args):
        return dict(*args)

    def Delete(items, key):
        del items[key]

    def keys(items):
        return list(items.keys())

    def values(items):
        return list(items.values()) if isinstance(items, dict) else items.values()

    def items(items):
        return list(items.items())

    def sorted(items):
        return sorted(items)

    def sort(x, *args, **kwargs):
        if not isinstance(x, list):
            return torch.sort(x, *args, **kwargs)
        x.sort(reverse=bool(args and args[0]))

    def __contains__(items, x):
        return x in items

    def __getitem__(items, at):
        return items[at]

    def _set_item(items, at, x):
        items[at] = x
        return items

    def slice(x, *args):
        if isinstance(x, Tensor):
            dim, start, end, step = args + (0, None, None, 1)[len(args) :]
            return x[(slice(None),) * (dim % x.dim()) + (slice(start, end, step),)]
        return x[slice(*(args + (None, None, 1)[len(args) :]))]

    def select(x, *args):
        return x.select(*args) if isinstance(x, Tensor) else x[args[0]]

    def index(x, at):
        return x[tuple(slice(None) if i is None else i for i in at)] if isinstance(x, Tensor) else x.index(at)

    def sum(x, *args, **kwargs):
        return sum(x) if isinstance(x, list) else torch.sum(x, *args, **_keywords(kwargs))

    def all(x, *args):
        return all(x) if isinstance(x, list) else torch.all(x, *args)

    def any(x, *args):
        return any(x) if isinstance(x, list) else torch.any(x, *args)

    def str(x):
        return str(x)

    def format(text, *args):
        return text.format(*args)

    def ord(x):
        return ord(x)

    def chr(x):
        return chr(x)

    def warn(message, level=2):
        return None

    def manual_seed(seed):
        return None

    # Modes

    def is_autocast_enabled(*args):
        return False

    def is_autocast_cpu_enabled():
        return False

    def is_grad_enabled():
        return wants_gradient()

    def set_grad_enabled(flag):
        set_gradient(flag)

    # Tensors

    def size(x, *args):
        return x.shape[args[0]] if args else list(x.shape)

    def dim(x):
        return x.dim()

    def stride(x, *args):
        return x.stride(*args)

    def is_floating_point(x):
        return x.is_floating_point()

    def is_complex(x):
        return x.is_complex()

    def device(*args):
        return torch.device(*args)

    def tensor(data, dtype=None, device=None, requires_grad=False):
        return torch.tensor(data, dtype=_dtype(dtype))

    as_tensor = tensor

    def to(x, *args, **kwargs):
        """`to.dtype`, `to.device`, `to.other` and `to.dtype_layout`: of all that they say the dtype matters."""
        for arg in args[:2] + (kwargs.get("dtype"),):
            if isinstance(arg, Tensor):
                return x.to(arg.dtype)
            if arg is not None and type(arg) is int:
                return x.to(_dtype(arg))
        return x

    def cpu(x):
        return x

    cuda = cpu

    def contiguous(x, memory_format=0):
        return x.contiguous()

    def clone(x, memory_format=None):
        return x.clone()

    def detach(x):
        return x.detach()

    def copy_(x, other, non_blocking=False):
        return x.copy_(other)

    def softmax(x, dim, dtype=None):
        return torch.softmax(x, dim, dtype=_dtype(dtype))

    def log_softmax(x, dim, dtype=None):
        return torch.log_softmax(x, dim, dtype=_dtype(dtype))

    def expand(x, size, implicit=False):
        return x.expand(size)

    def full(size, value, dtype=None, layout=None, device=None, pin_memory=None):
        # until torch 1.6 a fill value that is an int gave floats
        return torch.full(size, float(value) if dtype is None and _VERSION < 5 else value, dtype=_dtype(dtype))

    def arange(*args, **kwargs):
        return torch.arange(*(x.item() if isinstance(x, Tensor) else x for x in args), **_keywords(kwargs))

    def lstm(x, *args):
        """With the states second, the input is padded; with the sizes of its batches, packed."""
        return _packed(torch.lstm, x, *args) if isinstance(args[0], Tensor) else torch.lstm(x, *args)

    def gru(x, *args):
        return _packed(torch.gru, x, *args) if isinstance(args[2], (list, tuple)) else torch.gru(x, *args)

    def rnn_tanh(x, *args):
        return _packed(torch.rnn_tanh, x, *args) if isinstance(args[2], (list, tuple)) else torch.rnn_tanh(x, *args)

    def rnn_relu(x, *args):
        return _packed(torch.rnn_relu, x, *args) if isinstance(args[2], (list, tuple)) else torch.rnn_relu(x, *args)

    def _pack_padded_sequence(x, lengths, batch_first=False):
        x = x.transpose(0, 1) if batch_first else x
        sizes = _sizes(lengths.tolist())
        return torch.cat([x[t, :size] for t, size in enumerate(sizes)]), torch.tensor(sizes)

    def _pad_packed_sequence(data, batch_sizes, batch_first, padding_value, total_length=-1):
        sizes = batch_sizes.tolist()
        lengths = _sizes(sizes)
        steps = max(total_length, len(sizes))
        padded = data.new_full([steps, sizes[0]] + list(data.shape[1:]), padding_value)
        at = 0
        for t, size in enumerate(sizes):
            padded[t, :size] = data[at : at + size]
            at += size
        return padded.transpose(0, 1) if batch_first else padded, torch.tensor(lengths)


# The methods of lists, dicts and texts are operators.
_METHODS = """
    append extend insert pop popitem remove reverse clear copy get setdefault update count
    split rsplit splitlines upper lower title capitalize swapcase strip lstrip rstrip join replace startswith endswith find rfind rindex
    partition rpartition zfill ljust rjust center expandtabs isalnum isalpha isdecimal isdigit isidentifier islower isnumeric isspace istitle
    isupper
"""


def _method(name):
    def call(x, *args, **kwargs):
        result = getattr(x, name)(*args, **kwargs)
        return x if name == "append" else result

    return call


for _name in _METHODS.split():
    setattr(aten, _name, _method(_name))


def _sizes(lengths):
    """How many sequences go on at each step, of descending lengths; and the other way round."""
    if any(a < b for a, b in zip(lengths, lengths[1:])):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability."
        )
    return [sum(1 for length in lengths if length > t) for t in range(lengths[0])]


def _packed(layer, data, batch_sizes, hx, params, *rest):
    """A recurrent layer over a packed sequence: padded, it stops for each sequence at its end."""
    sizes = batch_sizes.tolist()
    padded, lengths = aten._pad_packed_sequence(data, batch_sizes, False, 0.0)
    running = torch.tensor([[[t < int(length)] for length in lengths.tolist()] for t in range(len(sizes))])
    y, *states = layer(padded, hx, params, *rest, False, running=running)
    return (torch.cat([y[t, :size] for t, size in enumerate(sizes)]), *states)


def _fractional(x):
    return x.is_floating_point() or x.is_complex() if isinstance(x, Tensor) else isinstance(x, float)


def _keywords(keywords):
    """Keywords as torch takes them: where memory lies is no matter here."""
    kept = {}
    for name, value in keywords.items():
        if name == "dtype":
            if value is not None:
                kept[name] = _dtype(value)
        elif name not in ("layout", "device", "pin_memory", "memory_format", "generator", "non_blocking"):
            kept[name] = value
    return kept


def _operator(function):
    """A function of torch as TorchScript's code calls it."""

    def call(*args, **kwargs):
        return function(*args, **_keywords(kwargs))

    return call
