# Functions of matrices: by elimination, by reflections, by turns, each step a few nodes of the graph.

_MOST_STEPS = 64


def _square(a, name):
    if a.dim() < 2 or a.shape[-1] != a.shape[-2]:
        raise RuntimeError(f"linalg.{name}: A must be batches of square matrices, but they are {a.shape[-2]} by {a.shape[-1]} matrices")
    if a.shape[-1] > _MOST_STEPS:
        raise NotImplementedError(f"linalg.{name} of matrices of more than {_MOST_STEPS} rows")


def _eliminated(a, right):
    """The determinant, and what multiplies to the right side: Gauss and Jordan's elimination, the largest of each column first."""
    n = a.shape[-1]
    both, order = torch.cat((a, right), -1), torch.arange(n)
    determinant = 1.0
    for k in range(n):
        column = both[..., k]
        largest = torch.where(order >= k, column.abs(), -1.0).argmax(-1, keepdim=True)
        swapped = torch.where(order == k, largest, torch.where(order == largest, k, order))
        both = both.gather(-2, swapped.unsqueeze(-1).expand(both.shape))
        lead = both[..., k : k + 1, k : k + 1]
        determinant = determinant * lead[..., 0, 0] * torch.where(largest[..., 0] == k, 1.0, -1.0)
        row = both[..., k : k + 1, :] / torch.where(lead == 0, 1.0, lead)
        both = torch.where((order == k).unsqueeze(-1), row, both - both[..., k : k + 1] * row)
    return determinant, both[..., n:]


def det(A):
    _square(A, "det")
    return _eliminated(A, A[..., :1])[0]


def slogdet(A):
    d = det(A)
    return _SignAndLog(d.sign(), d.abs().log())


_SignAndLog = collections.namedtuple("slogdet", ["sign", "logabsdet"])


def logdet(A):
    return det(A).log()


def inv(A):
    _square(A, "inv")
    return _eliminated(A, torch.eye(A.shape[-1], dtype=A.dtype).expand(A.shape))[1]


inverse = inv


def solve(A, B, *, left=True):
    _square(A, "solve")
    if not left:
        return solve(A.mT, B.mT).mT
    vector = B.dim() == 1 or B.dim() == A.dim() - 1 and B.shape == A.shape[:-1]
    right = B.unsqueeze(-1) if vector else B
    batch = torch.broadcast_shapes(A.shape[:-2], right.shape[:-2])
    y = _eliminated(A.expand(*batch, *A.shape[-2:]), right.expand(*batch, *right.shape[-2:]))[1]
    return y.squeeze(-1) if vector else y


def cholesky(A, *, upper=False):
    _square(A, "cholesky")
    n, columns = A.shape[-1], []
    for k in range(n):
        rest = A[..., k:, k]
        for column in columns:
            rest = rest - column[..., k:] * column[..., k : k + 1]
        column = rest / rest[..., :1].sqrt()
        columns.append(torch.nn.functional.pad(column, (k, 0)))
    lower = torch.stack(columns, -1)
    return lower.mT if upper else lower


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    first, second = (d % A.dim() for d in dim)
    if ord == "fro":
        return (A * A).sum((first, second), keepdim).sqrt()
    if ord in (2, -2, "nuc"):
        values = _svd(A.movedim((first, second), (-2, -1)))[1]
        y = values.sum(-1) if ord == "nuc" else values[..., 0 if ord == 2 else -1]
        return y.unsqueeze(min(first, second)).unsqueeze(max(first, second)) if keepdim else y
    if ord not in (1, -1, torch.inf, -torch.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    summed, other = (first, second) if ord in (1, -1) else (second, first)
    y = A.abs().sum(summed, keepdim=True)
    y = y.amax(other, keepdim=True) if ord > 0 else y.amin(other, keepdim=True)
    return y if keepdim else y.squeeze(max(first, second)).squeeze(min(first, second))


def vecdot(x, y, *, dim=-1):
    return (x * y).sum(dim)


def multi_dot(tensors):
    y = tensors[0]
    for x in tensors[1:]:
        y = y @ x
    return y


def solve_triangular(A, B, *, upper, left=True, unitriangular=False):
    kept = A.triu() if upper else A.tril()
    if unitriangular:
        kept = torch.where(torch.eye(A.shape[-1], dtype=torch.bool), 1.0, kept)
    return solve(kept, B, left=left)


def matrix_exp(A):
    # a Taylor series of a 64th of the matrix, squared six times
    _square(A, "matrix_exp")
    x = A / 64
    y = term = torch.eye(A.shape[-1], dtype=A.dtype).expand(A.shape)
    for k in range(1, 11):
        term = term @ x / k
        y = y + term
    for _ in range(6):
        y = y @ y
    return y


_QR = collections.namedtuple("qr", ["Q", "R"])


def qr(A, mode="reduced"):
    """Householder's reflections, with LAPACK's signs."""
    rows, columns = A.shape[-2:]
    few = min(rows, columns)
    if few > _MOST_STEPS:
        raise NotImplementedError(f"linalg.qr of more than {_MOST_STEPS} columns")
    r, q, order = A, torch.eye(rows, dtype=A.dtype).expand(*A.shape[:-2], rows, rows), torch.arange(rows)
    for k in range(min(few, rows - 1)):
        below = torch.where(order > k, r[..., k], 0.0)
        first = r[..., k, k].unsqueeze(-1)
        size = (first * first + (below * below).sum(-1, keepdim=True)).sqrt()
        v = torch.where(order == k, first + torch.where(first < 0, -size, size), below)
        # a column that is zero below stays as it is
        scale = torch.where((below == 0).all(-1, keepdim=True), 0.0, 2 / (v * v).sum(-1, keepdim=True).clamp_min(1e-38))
        r = r - (scale * v).unsqueeze(-1) * (v.unsqueeze(-2) @ r)
        q = q - (q @ v.unsqueeze(-1)) * (scale * v).unsqueeze(-2)
    if mode == "complete":
        return _QR(q, r.triu())
    return _QR(q[..., :few], r[..., :few, :].triu())


_MOST_TURNED = 12


def _turns(n, name):
    """Pairs of columns, as often as turning them one by one takes."""
    if n > _MOST_TURNED:
        raise NotImplementedError(f"linalg.{name} of matrices of more than {_MOST_TURNED} columns")
    return [(i, j) for _ in range(6) for i in range(n) for j in range(i + 1, n)] if n > 2 else [(0, 1)] * (n - 1)


def _turn(x, i, j, cos, sin):
    """The columns i and j of x turned by an angle."""
    order = torch.arange(x.shape[-1])
    a, b = x[..., i : i + 1], x[..., j : j + 1]
    return torch.where(order == i, cos * a - sin * b, torch.where(order == j, sin * a + cos * b, x))


def _angle(of_i, of_j, between):
    """cos and sin of the angle by which two columns become orthogonal; their products with themselves and with each other."""
    ratio = (of_j - of_i) / (2 * torch.where(between == 0, 1.0, between))
    tan = torch.where(ratio < 0, -1.0, 1.0) / (ratio.abs() + (1 + ratio * ratio).sqrt())
    tan = torch.where(between == 0, 0.0, tan)
    cos = 1 / (1 + tan * tan).sqrt()
    return cos, cos * tan


def _svd(A):
    """Jacobi's one-sided turns: U, the singular values from the largest, V. The signs of a pair of vectors are free, as in torch."""
    if A.shape[-2] < A.shape[-1]:
        u, values, v = _svd(A.mT)
        return v, values, u
    n = A.shape[-1]
    x, v = A, torch.eye(n, dtype=A.dtype).expand(*A.shape[:-2], n, n)
    for i, j in _turns(n, "svd"):
        a, b = x[..., i : i + 1], x[..., j : j + 1]
        cos, sin = _angle(*((p * q).sum(-2, keepdim=True) for p, q in ((a, a), (b, b), (a, b))))
        x, v = _turn(x, i, j, cos, sin), _turn(v, i, j, cos, sin)
    values, order = (x * x).sum(-2).sqrt().sort(-1, descending=True)
    x, v = x.gather(-1, order.unsqueeze(-2).expand(x.shape)), v.gather(-1, order.unsqueeze(-2).expand(v.shape))
    return x / values.unsqueeze(-2).clamp_min(1e-38), values, v


_SVD = collections.namedtuple("svd", ["U", "S", "V"])
_LinalgSVD = collections.namedtuple("svd", ["U", "S", "Vh"])


def svd(input, some=True, compute_uv=True):
    return _SVD(*_svd(input))


def _linalg_svd(A, full_matrices=True, *, driver=None):
    if full_matrices and A.shape[-1] != A.shape[-2]:
        raise NotImplementedError("linalg.svd of a matrix that is not square with full_matrices=True")
    u, values, v = _svd(A)
    return _LinalgSVD(u, values, v.mT)


def svdvals(A, *, driver=None):
    return _svd(A)[1]


_Eigh = collections.namedtuple("eigh", ["eigenvalues", "eigenvectors"])


def eigh(A, UPLO="L"):
    _square(A, "eigh")
    n = A.shape[-1]
    lower = A.tril() if UPLO == "L" else A.triu().mT
    x = lower + lower.tril(-1).mT
    v = torch.eye(n, dtype=A.dtype).expand(A.shape)
    for i, j in _turns(n, "eigh"):
        cos, sin = _angle(*(x[..., p : p + 1, q : q + 1] for p, q in ((i, i), (j, j), (i, j))))
        x = _turn(_turn(x, i, j, cos, sin).mT, i, j, cos, sin).mT
        v = _turn(v, i, j, cos, sin)
    values, order = x.diagonal(dim1=-2, dim2=-1).sort(-1)
    return _Eigh(values, v.gather(-1, order.unsqueeze(-2).expand(v.shape)))


def eigvalsh(A, UPLO="L"):
    return eigh(A, UPLO).eigenvalues


def pinv(A, *, atol=None, rtol=None, hermitian=False):
    u, values, v = _svd(A)
    rtol = max(A.shape[-2:]) * torch.finfo(A.dtype).eps if rtol is None and not atol else rtol or 0.0
    least = (values[..., :1] * rtol).clamp_min(atol or 0.0)
    inverse = torch.where(values > least, 1 / torch.where(values > least, values, 1.0), 0.0)
    return (v * inverse.unsqueeze(-2)) @ u.mT


pinverse = pinv

_Least = collections.namedtuple("lstsq", ["solution", "residuals", "rank", "singular_values"])


def lstsq(A, B, rcond=None, *, driver=None):
    if A.shape[-2] < A.shape[-1]:
        solution = pinv(A) @ B
    else:
        q, r = qr(A)
        solution = solve(r, q.mT @ B)
    return _Least(solution, torch.empty(0), torch.empty(0), torch.empty(0))


def matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None):
    values = svdvals(A)
    largest = values[..., :1]
    if rtol is None:
        rtol = 0.0 if atol is not None or tol is not None else max(A.shape[-2:]) * torch.finfo(A.dtype).eps
    least = largest * rtol
    absolute = atol if atol is not None else tol
    return (values > (least if absolute is None else least.clamp_min(absolute))).sum(-1)


def cond(A, p=None):
    if p in (None, 2, -2):
        values = svdvals(A)
        return values[..., -1] / values[..., 0] if p == -2 else values[..., 0] / values[..., -1]
    return matrix_norm(A, p) * matrix_norm(inv(A), p)


def nuclear_norm(input, dim=(-2, -1), keepdim=False):
    return matrix_norm(input, "nuc", dim, keepdim)


def cholesky_solve(B, L, upper=False):
    return solve(L.mT @ L if upper else L @ L.mT, B)


def cholesky_inverse(L, upper=False):
    return inv(L.mT @ L if upper else L @ L.mT)
