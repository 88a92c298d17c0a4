//! The CPU's own float32 kernels for what networks spend their time in: matrix products, convolutions and the functions between them.
//! burn-flex does the rest.
//!
//! They take tensors that live on the CPU and record no gradient; for any other they give `None`, and the caller asks burn. `op` puts
//! them together into rules for gradients.

mod convolution;
mod depthwise;
mod dot;
mod functions;
mod gemm;
mod pool;
mod recurrence;

pub use convolution::{convolution, input_gradient, weight_gradient};
pub use functions::{clamp, erf, exp, gelu, gelu_tanh, log_softmax, relu, sigmoid, silu, softmax, tanh};
pub use gemm::{Strip, TILE_COLUMNS, TILE_ROWS, Tiles, accelerate};
pub use pool::{Pooled, max_pool, max_pool_gradient};
pub use recurrence::recurrence;

use super::tensor::{Host, Tensor};
use burn::backend::{BackendTensor, DispatchKindConversion, DispatchTensor, DispatchTensorKind, Flex};
use burn::tensor::DType;
use gemm::{Bias, Left, Matrix, Scratch};
use std::borrow::Cow;

/// Products of this few rows read each weight once and gain nothing from packing.
const FEW_ROWS: usize = 4;

/// A float32 tensor's memory as it lies on the CPU.
struct Floats<'a> {
    data: &'a [f32],
    shape: Vec<usize>,
    strides: Vec<usize>,
}

impl<'a> Floats<'a> {
    /// Borrows a tensor's memory. `None` for other dtypes and devices, tensors that record gradients, and reversed dims.
    fn of(tensor: &'a Tensor) -> Option<Self> {
        let DispatchTensorKind::Flex(BackendTensor::Float(flex)) = &tensor.inner.kind else { return None };
        if flex.dtype() != DType::F32 {
            return None;
        }
        let layout = flex.layout();
        let strides = layout.strides().iter().map(|&s| usize::try_from(s).ok()).collect::<Option<Vec<_>>>()?;
        let data = flex.storage::<f32>().get(layout.start_offset()..)?;
        let floats = Self { data, shape: layout.shape().to_vec(), strides };
        (floats.extent()? <= data.len()).then_some(floats)
    }

    /// Elements from the first to the last, both included; `None` for a tensor without elements.
    fn extent(&self) -> Option<usize> {
        let last = self.shape.iter().zip(&self.strides).map(|(&size, &stride)| Some(size.checked_sub(1)? * stride));
        last.sum::<Option<usize>>().map(|last| last + 1)
    }

    fn size(&self, dim: usize) -> usize {
        self.shape.get(dim).copied().unwrap_or(1)
    }

    fn stride(&self, dim: usize) -> usize {
        self.strides.get(dim).copied().unwrap_or(0)
    }

    /// The elements in order: copied where they do not lie so.
    fn in_order(&self) -> Cow<'a, [f32]> {
        let mut run = 1;
        let mut even = true;
        for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
            even &= size == 1 || stride == run;
            run *= size;
        }
        match self.data.get(..run).filter(|_| even) {
            Some(all) => Cow::Borrowed(all),
            None => Cow::Owned((0..run).map(|number| self.element(number)).collect()),
        }
    }

    /// The `number`th element in order.
    fn element(&self, number: usize) -> f32 {
        let mut rest = number;
        let mut at = 0;
        for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
            at += rest % size * stride;
            rest /= size;
        }
        self.data.get(at).copied().unwrap_or(0.0)
    }

    /// The last two dims of the matrix that starts at `offset`.
    fn matrix(&self, offset: usize) -> Option<Matrix<'a>> {
        let rank = self.shape.len();
        let (rows, columns) = (rank.checked_sub(2)?, rank - 1);
        Some(Matrix {
            data: self.data.get(offset..)?,
            rows: self.size(rows),
            columns: self.size(columns),
            row: self.stride(rows),
            column: self.stride(columns),
        })
    }
}

/// A tensor that reads memory backwards, as the gradient of a flip does, copied in order; any other as it is.
pub fn forwards(tensor: Tensor) -> Tensor {
    let facts = tensor.facts;
    let DispatchTensorKind::Flex(BackendTensor::Float(flex)) = &tensor.inner.kind else { return tensor };
    if flex.layout().strides().iter().all(|&stride| stride >= 0) {
        return tensor;
    }
    let inner = DispatchTensor::from_backend(BackendTensor::<Flex>::Float(flex.to_contiguous()));
    Tensor { inner, facts }
}

/// Whether a matrix lies in the CPU's memory column after column, as a weight that is read transposed.
pub fn columns_in_order(x: &Tensor) -> bool {
    let rows = x.rank().saturating_sub(2);
    Floats::of(x).is_some_and(|floats| floats.stride(rows) == 1 && floats.stride(rows + 1) != 1)
}

/// Matrix product of the last two dims, which both have; batch dims broadcast, ranks are equal.
pub fn matmul(x: &Tensor, y: &Tensor) -> Option<Tensor> {
    let (a, b) = (Floats::of(x)?, Floats::of(y)?);
    let batch_dims = a.shape.len().checked_sub(2)?;
    if b.shape.len() != a.shape.len() || a.size(batch_dims + 1) != b.size(batch_dims) {
        return None;
    }
    let mut shape: Vec<usize> = (0..batch_dims).map(|d| a.size(d).max(b.size(d))).collect();
    let fits = |f: &Floats<'_>| shape.iter().enumerate().all(|(d, &n)| f.size(d) == n || f.size(d) == 1);
    if !fits(&a) || !fits(&b) {
        return None;
    }
    let (rows, columns) = (a.size(batch_dims), b.size(batch_dims + 1));
    let batch = shape.clone();
    shape.extend([rows, columns]);
    let mut out = vec![0.0; shape.iter().product()];
    let mut scratch = Scratch::default();
    for (number, out) in out.chunks_exact_mut((rows * columns).max(1)).enumerate() {
        let (from, to) = (offset(&a, &batch, number), offset(&b, &batch, number));
        // What is there is zeros.
        product(&a.matrix(from)?, &b.matrix(to)?, Bias::Sum, out, &mut scratch);
    }
    Some(x.place().upload(Host::F32(out), &shape))
}

/// `x @ weight.T + bias` of matrices: x is (rows, in), the weight (out, in), the bias has (out) elements.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Option<Tensor> {
    let (a, w) = (Floats::of(x)?, Floats::of(weight)?);
    let bias = match bias {
        None => None,
        Some(bias) => Some(Floats::of(bias)?.in_order()),
    };
    let bias = bias.as_deref().map_or(Bias::None, Bias::Columns);
    let (a, w) = (a.matrix(0)?, w.matrix(0)?.transposed());
    if a.columns != w.rows || bias.len().is_some_and(|n| n != w.columns) {
        return None;
    }
    let mut out = vec![0.0; a.rows * w.columns];
    product(&a, &w, bias, &mut out, &mut Scratch::default());
    Some(x.place().upload(Host::F32(out), &[a.rows, w.columns]))
}

/// Where the `number`th matrix of a batch starts; dims of size 1 are read again and again.
fn offset(floats: &Floats<'_>, batch: &[usize], number: usize) -> usize {
    let mut rest = number;
    let mut offset = 0;
    for (dim, &size) in batch.iter().enumerate().rev() {
        if floats.size(dim) != 1 {
            offset += rest % size * floats.stride(dim);
        }
        rest /= size;
    }
    offset
}

/// `out = a b + bias`, by whichever kernel suits the shapes.
fn product(a: &Matrix<'_>, b: &Matrix<'_>, bias: Bias<'_>, out: &mut [f32], scratch: &mut Scratch) {
    if a.rows <= FEW_ROWS && dot::product(a, b, bias, out) {
        return;
    }
    gemm::multiply(&Left::new(a), b.columns, |k, j, panels| b.pack(k, j, panels), bias, out, scratch);
}

#[cfg(test)]
mod tests;
