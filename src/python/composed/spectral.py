# Transforms of torch.fft as products with the matrix of roots of one, and the short-time ones of them.

_MOST_ROOTS = 4096


def _roots(n):
    """cos and sin of the n directions, for each pair of a place and a frequency."""
    if n > _MOST_ROOTS:
        raise NotImplementedError(f"torch.fft over {n} places: more than {_MOST_ROOTS}")
    turns = [2 * math.pi * i / n for i in range(n)]
    places = torch.arange(n)
    index = (places.unsqueeze(1) * places.unsqueeze(0)).remainder(n)
    return torch.tensor([math.cos(turn) for turn in turns])[index], torch.tensor([math.sin(turn) for turn in turns])[index]


def _scaled(x, n, norm, inverse):
    if norm not in (None, "backward", "forward", "ortho"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    if norm == "ortho":
        return x * n**-0.5
    return x / n if inverse == (norm != "forward") else x


def _fitted(x, n):
    """The last dim cut or filled with zeros."""
    if x is None or x.shape[-1] == n:
        return x
    return x[..., :n] if x.shape[-1] > n else torch.nn.functional.pad(x, (0, n - x.shape[-1]))


def _ready(input, dim):
    """Both parts as floating point, with the dim last."""
    real, imag = _parts(input)
    real = real if real.is_floating_point() else real.float()
    return real.movedim(dim, -1), None if imag is None else imag.movedim(dim, -1)


def _length(n):
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    return n


def _fourier(input, n, dim, norm, inverse, half=False):
    real, imag = _ready(input, dim)
    n = _length(real.shape[-1] if n is None else n)
    real, imag = _fitted(real, n), _fitted(imag, n)
    cos, sin = _roots(n)
    if half:
        cos, sin = cos[:, : n // 2 + 1], sin[:, : n // 2 + 1]
    sin = sin if inverse else -sin
    x, y = (real @ cos, real @ sin) if imag is None else (real @ cos - imag @ sin, real @ sin + imag @ cos)
    return ComplexTensor(_scaled(x, n, norm, inverse).movedim(-1, dim), _scaled(y, n, norm, inverse).movedim(-1, dim))


def fft(input, n=None, dim=-1, norm=None):
    return _fourier(input, n, dim, norm, False)


def ifft(input, n=None, dim=-1, norm=None):
    return _fourier(input, n, dim, norm, True)


def rfft(input, n=None, dim=-1, norm=None):
    if isinstance(input, ComplexTensor):
        raise RuntimeError("rfft expects a real input tensor, but got ComplexFloat")
    return _fourier(input, n, dim, norm, False, half=True)


def irfft(input, n=None, dim=-1, norm=None):
    real, imag = _ready(input, dim)
    n = _length(2 * (real.shape[-1] - 1) if n is None else n)
    half = n // 2 + 1
    real, imag = _fitted(real, half), _fitted(imag, half)
    cos, sin = _roots(n)
    # every frequency but the first, and the last of an even number, stands for its mirror too
    twice = torch.tensor([1.0 if k == 0 or 2 * k == n else 2.0 for k in range(half)]).unsqueeze(1)
    y = real @ (twice * cos[:half])
    if imag is not None:
        y = y - imag @ (twice * sin[:half])
    return _scaled(y, n, norm, True).movedim(-1, dim)


def _dims(input, s, dim):
    rank = input.dim()
    if dim is None:
        dim = tuple(range(rank)) if s is None else tuple(range(rank - len(s), rank))
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    sizes = [None] * len(dims) if s is None else [None if size == -1 else size for size in s]
    if len(sizes) != len(dims):
        raise RuntimeError("When given, dim and shape arguments must have the same length")
    return list(zip(sizes, dims))


def fftn(input, s=None, dim=None, norm=None):
    for n, d in _dims(input, s, dim):
        input = fft(input, n, d, norm)
    return input


def ifftn(input, s=None, dim=None, norm=None):
    for n, d in _dims(input, s, dim):
        input = ifft(input, n, d, norm)
    return input


def rfftn(input, s=None, dim=None, norm=None):
    *others, (n, d) = _dims(input, s, dim)
    y = rfft(input, n, d, norm)
    for n, d in others:
        y = fft(y, n, d, norm)
    return y


def irfftn(input, s=None, dim=None, norm=None):
    *others, (n, d) = _dims(input, s, dim)
    for size, other in others:
        input = ifft(input, size, other, norm)
    return irfft(input, n, d, norm)


def fft2(input, s=None, dim=(-2, -1), norm=None):
    return fftn(input, s, dim, norm)


def ifft2(input, s=None, dim=(-2, -1), norm=None):
    return ifftn(input, s, dim, norm)


def rfft2(input, s=None, dim=(-2, -1), norm=None):
    return rfftn(input, s, dim, norm)


def irfft2(input, s=None, dim=(-2, -1), norm=None):
    return irfftn(input, s, dim, norm)


def _shifted(input, dim, back):
    dims = list(range(input.dim())) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    halves = [input.shape[d] // 2 for d in dims]
    return input.roll([-half for half in halves] if back else halves, dims)


def fftshift(input, dim=None):
    return _shifted(input, dim, False)


def ifftshift(input, dim=None):
    return _shifted(input, dim, True)


def fftfreq(n, d=1.0, *, dtype=None, device=None):
    order = [i if i < (n + 1) // 2 else i - n for i in range(n)]
    return torch.tensor([i / (n * d) for i in order], dtype=dtype or torch.float32)


def rfftfreq(n, d=1.0, *, dtype=None, device=None):
    return torch.tensor([i / (n * d) for i in range(n // 2 + 1)], dtype=dtype or torch.float32)


def _windowed(window, win_length, n_fft, like):
    """The window in the middle of n_fft places."""
    win_length = n_fft if win_length is None else win_length
    window = torch.ones(win_length, dtype=like.dtype) if window is None else window
    if window.dim() != 1 or window.shape[0] != win_length:
        raise RuntimeError(
            f"expected a 1D window tensor of size equal to win_length={win_length}, but got window with size {list(window.shape)}"
        )
    left = (n_fft - win_length) // 2
    return torch.nn.functional.pad(window, (left, n_fft - win_length - left))


def stft(
    input, n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode="reflect", normalized=False,
    onesided=None, return_complex=None, align_to_window=None,
):  # fmt: skip
    if return_complex is None and not isinstance(input, ComplexTensor) and not isinstance(window, ComplexTensor):
        raise RuntimeError(
            "stft requires the return_complex parameter be given for real inputs, and will further require that return_complex=True "
            "in a future PyTorch release."
        )
    if isinstance(input, ComplexTensor) or isinstance(window, ComplexTensor):
        raise NotImplementedError("torch.stft of complex tensors")
    if input.dim() not in (1, 2):
        raise RuntimeError(f"stft: expected a 1D or 2D tensor, but got {input.dim()}D")
    hop = n_fft // 4 if hop_length is None else hop_length
    x = input.unsqueeze(0) if input.dim() == 1 else input
    if center:
        x = torch.nn.functional.pad(x.unsqueeze(1), (n_fft // 2, n_fft // 2), mode=pad_mode).squeeze(1)
    if not 0 < n_fft <= x.shape[1]:
        raise RuntimeError(f"stft: expected 0 < n_fft <= {x.shape[1]}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(f"stft: expected hop_length > 0, but got hop_length={hop}")
    frames = x.unfold(-1, n_fft, hop) * _windowed(window, win_length, n_fft, x)
    norm = "ortho" if normalized else None
    y = fft(frames, norm=norm) if onesided is False else rfft(frames, norm=norm)
    y = y.transpose(1, 2)
    y = y.squeeze(0) if input.dim() == 1 else y
    return y if return_complex is not False else view_as_real(y)


def istft(
    input, n_fft, hop_length=None, win_length=None, window=None, center=True, normalized=False, onesided=None, length=None,
    return_complex=False,
):  # fmt: skip
    if not isinstance(input, ComplexTensor):
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    if return_complex:
        raise NotImplementedError("torch.istft with return_complex=True")
    hop = n_fft // 4 if hop_length is None else hop_length
    x = input.unsqueeze(0) if input.dim() == 2 else input
    if onesided is not False and x.shape[1] != n_fft // 2 + 1:
        raise RuntimeError(
            f"istft: expected the frequency dimension (3rd to the last) of the input tensor to match n_fft / 2 + 1 when onesided=True, "
            f"but got {x.shape[1]}"
        )
    norm, x = "ortho" if normalized else None, x.transpose(1, 2)
    frames = ifft(x, norm=norm).real if onesided is False else irfft(x, n_fft, norm=norm)
    window = _windowed(window, win_length, n_fft, frames)
    count = frames.shape[1]
    whole = n_fft + hop * (count - 1)

    def summed(pieces):
        y = torch.nn.functional.fold(pieces.transpose(1, 2), (1, whole), (1, n_fft), stride=(1, hop))
        return y.reshape(pieces.shape[0], whole)

    y = summed(frames * window)
    weight = summed((window * window).expand(1, count, n_fft))
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else whole - n_fft // 2 if center else whole
    y, weight = y[:, start : min(end, whole)], weight[:, start : min(end, whole)]
    y = y / weight
    y = torch.nn.functional.pad(y, (0, max(end - whole, 0)))
    return y.squeeze(0) if input.dim() == 2 else y


def bartlett_window(window_length, periodic=True, **options):
    n = torch.arange(window_length, dtype=torch.float32)
    last = window_length if periodic else window_length - 1
    return 1 - (2 * n / last - 1).abs() if window_length > 1 else torch.ones(window_length)


def blackman_window(window_length, periodic=True, **options):
    if window_length < 2:
        return torch.ones(window_length)
    turn = 2 * math.pi * torch.arange(window_length, dtype=torch.float32) / (window_length if periodic else window_length - 1)
    return 0.42 - 0.5 * turn.cos() + 0.08 * (2 * turn).cos()
