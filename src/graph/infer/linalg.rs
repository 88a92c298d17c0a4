//! `torch.matmul` with its rank rules, and `F.linear`.

use super::super::Info;
use super::operand::{broadcast, count, elements, exactly, like, not_implemented, scalar_type};
use crate::dtype::DType;
use crate::error::{Error, Result};

/// `torch.matmul`: vectors, matrices and batches of them.
pub fn matmul(inputs: &[&Info]) -> Result<Info> {
    let [x, y] = exactly(inputs)?;
    let shape = match (x.shape.as_slice(), y.shape.as_slice()) {
        ([], _) | (_, []) => {
            return Err(Error::mismatch(format!(
                "both arguments to matmul need to be at least 1D, but they are {}D and {}D",
                x.shape.len(),
                y.shape.len()
            )));
        }
        ([n], [m]) if n == m => Vec::new(),
        ([n], [m]) => {
            return Err(Error::mismatch(format!(
                "inconsistent tensor size, expected tensor [{n}] and src [{m}] to have the same number of elements, but got {n} and {m} \
                 elements respectively"
            )));
        }
        ([rows, n], [m]) if n == m => vec![*rows],
        ([rows, n], [m]) => {
            return Err(Error::mismatch(format!("size mismatch, got input ({rows}), mat ({rows}x{n}), vec ({m})")));
        }
        ([n], [m, columns]) if n == m => vec![*columns],
        ([n], [m, columns]) => return Err(cannot_multiply(1, *n, *m, *columns)),
        ([batch @ .., rows, n], [m]) => {
            if n != m {
                let rows = elements(batch) * rows;
                return Err(Error::mismatch(format!("size mismatch, got input ({rows}), mat ({rows}x{n}), vec ({m})")));
            }
            batch.iter().chain([rows]).copied().collect()
        }
        ([n], [batch @ .., m, columns]) => {
            if n != m {
                return Err(Error::mismatch(format!(
                    "size mismatch, got input ({0}), mat ({0}x{m}), vec ({n})",
                    elements(batch) * columns
                )));
            }
            batch.iter().chain([columns]).copied().collect()
        }
        ([a @ .., rows, n], [b @ .., m, columns]) => {
            if n != m && (a.is_empty() || b.is_empty()) {
                // torch folds the batch of one into the rows of one product.
                return Err(if b.is_empty() {
                    cannot_multiply(elements(a) * rows, *n, *m, *columns)
                } else {
                    cannot_multiply(elements(b) * columns, *m, *n, *rows)
                });
            }
            let mut shape = broadcast(a, b)?;
            if n != m {
                let batch = elements(&shape);
                return Err(Error::mismatch(format!(
                    "Expected size for first two dimensions of batch2 tensor to be: [{batch}, {n}] but got: [{batch}, {m}]."
                )));
            }
            shape.extend([*rows, *columns]);
            shape
        }
    };
    if x.dtype != y.dtype {
        return Err(Error::mismatch(match (x.shape.len(), y.shape.len()) {
            (1, 1) => format!(
                "dot : expected both vectors to have same dtype, but found {} and {}",
                scalar_type(x.dtype),
                scalar_type(y.dtype)
            ),
            _ => format!(
                "expected m1 and m2 to have the same dtype, but got: {} != {}",
                super::operand::c_type(x.dtype),
                super::operand::c_type(y.dtype)
            ),
        }));
    }
    if x.dtype == DType::Bool {
        return Err(not_implemented("addmm_impl_cpu_", x.dtype));
    }
    Ok(like(x, shape))
}

fn cannot_multiply(rows: usize, n: usize, m: usize, columns: usize) -> Error {
    Error::mismatch(format!("mat1 and mat2 shapes cannot be multiplied ({rows}x{n} and {m}x{columns})"))
}

/// `F.linear`: the weight is (out, in), or (in) for one output without a dim.
pub fn linear(inputs: &[&Info]) -> Result<Info> {
    let (x, weight, bias) = match inputs {
        [x, weight] => (*x, *weight, None),
        [x, weight, bias] => (*x, *weight, Some(*bias)),
        _ => return Err(count(inputs, 2, 3)),
    };
    if [Some(weight), bias].into_iter().flatten().any(|y| y.dtype != x.dtype) {
        return Err(Error::mismatch(format!(
            "mat1 and mat2 must have the same dtype, but got {} and {}",
            scalar_type(x.dtype),
            scalar_type(weight.dtype)
        )));
    }
    let [batch @ .., n] = x.shape.as_slice() else {
        return Err(Error::mismatch("both arguments to linear need to be at least 1D, but they are 0D and 2D"));
    };
    let mut shape = batch.to_vec();
    match weight.shape.as_slice() {
        [out, m] if n == m => shape.push(*out),
        [out, m] => return Err(cannot_multiply(elements(batch), *n, *m, *out)),
        [m] if n == m => {}
        [m] => {
            let rows = elements(batch);
            return Err(Error::mismatch(format!("size mismatch, got input ({rows}), mat ({rows}x{n}), vec ({m})")));
        }
        other => {
            return Err(Error::mismatch(format!("weight of linear needs to be 1D or 2D, but it is {}D", other.len())));
        }
    }
    if let Some(bias) = bias
        && !super::operand::expands_to(&bias.shape, &shape)
    {
        return Err(super::shape::not_expandable(&bias.shape, &shape, bias));
    }
    Ok(like(x, shape))
}
