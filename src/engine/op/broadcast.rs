//! Operands of different ranks side by side, and Python's numbers beside tensors.

use crate::engine::tensor::{Kind, Place, Scalar, Tensor};
use crate::graph::op::Scalar as Number;

/// Gives two tensors one rank by leading dims of size 1; kernels broadcast those.
pub fn together(x: Tensor, y: Tensor) -> (Tensor, Tensor) {
    let rank = x.rank().max(y.rank());
    (lift(x, rank), lift(y, rank))
}

/// Adds leading dims of size 1.
pub fn lift(x: Tensor, rank: usize) -> Tensor {
    let own = x.shape();
    let mut shape = vec![1; rank.saturating_sub(own.len())];
    shape.extend(own);
    x.reshape(&shape)
}

/// A vector as the size of dim 1 of a rank: (C) beside (N, C, *).
pub fn channels(x: Tensor, rank: usize) -> Tensor {
    let mut shape = vec![1; rank.max(2)];
    if let Some(size) = shape.get_mut(1) {
        *size = x.numel();
    }
    x.reshape(&shape)
}

/// A Python number as an element of a kind; a float is truncated for integers.
#[expect(clippy::cast_possible_truncation, reason = "torch truncates too")]
pub fn element(number: Number, kind: Kind) -> Scalar {
    match (number, kind) {
        (n, Kind::Float) => Scalar::Float(n.as_f64()),
        (n, Kind::Bool) => Scalar::Bool(n.as_f64() != 0.0),
        (Number::Bool(b), Kind::Int) => Scalar::Int(i64::from(b)),
        (Number::Int(i), Kind::Int) => Scalar::Int(i),
        (Number::Float(f), Kind::Int) => Scalar::Int(f as i64),
    }
}

/// A number as a tensor like another: its type, its rank, one element.
pub fn like(x: &Tensor, number: Number) -> Tensor {
    x.place().full(&vec![1; x.rank()], element(number, x.kind()), x.dtype())
}

/// A float as a tensor like another.
pub fn constant(x: &Tensor, value: f64) -> Tensor {
    like(x, Number::Float(value))
}

/// Floats computed on the host, in the type of a device tensor.
pub fn floats(place: &Place, values: Vec<f64>, shape: &[usize], like: &Tensor) -> Tensor {
    use crate::engine::tensor::Host;
    use burn::tensor::DType;
    #[expect(clippy::cast_possible_truncation, reason = "the tensor beside it is float32")]
    let host = match like.dtype() {
        DType::F64 => Host::F64(values),
        _ => Host::F32(values.into_iter().map(|v| v as f32).collect()),
    };
    place.upload(host, shape)
}
