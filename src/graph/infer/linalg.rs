//! `torch.matmul` with its rank rules, and `F.linear`.

use super::super::Info;
use super::operand::{broadcast, c_type, count, elements, exactly, like, not_implemented};
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
        ([n], [m, columns]) => return Err(cannot_multiply("mm", 1, *n, *m, *columns)),
        ([batch @ .., rows, n], [m]) => {
            if n != m {
                let rows = elements(batch) * rows;
                return Err(Error::mismatch(format!("size mismatch, got input ({rows}), mat ({rows}x{n}), vec ({m})")));
            }
            batch.iter().chain([rows]).copied().collect()
        }
        ([n], [batch @ .., m, columns]) => {
            if n != m {
                if let [1] = batch {
                    // A single matrix is multiplied as one.
                    return Err(Error::mismatch(format!(
                        "size mismatch, got input ({columns}), mat ({columns}x{m}), vec ({n})"
                    )));
                }
                return Err(cannot_batch(elements(batch), *n, *m));
            }
            batch.iter().chain([columns]).copied().collect()
        }
        ([a @ .., rows, n], [b @ .., m, columns]) => {
            if n != m && b.is_empty() {
                // torch folds the batch into the rows of one product.
                return Err(cannot_multiply("mm", elements(a) * rows, *n, *m, *columns));
            }
            let mut shape = broadcast(a, b)?;
            if n != m {
                return Err(cannot_batch(elements(&shape), *n, *m));
            }
            shape.extend([*rows, *columns]);
            shape
        }
    };
    if x.dtype != y.dtype {
        return Err(Error::mismatch(match (x.shape.len(), y.shape.len()) {
            (1, 1) => format!(
                "dot : expected both vectors to have same dtype, but found {} and {}",
                x.dtype.scalar_type(),
                y.dtype.scalar_type()
            ),
            _ => format!(
                "expected m1 and m2 to have the same dtype, but got: {} != {}",
                c_type(x.dtype),
                c_type(y.dtype)
            ),
        }));
    }
    if x.dtype == DType::Bool {
        return Err(not_implemented("addmm_impl_cpu_", x.dtype));
    }
    Ok(like(x, shape))
}

fn cannot_multiply(function: &str, rows: usize, n: usize, m: usize, columns: usize) -> Error {
    Error::mismatch(format!("{function}: mat1 and mat2 shapes cannot be multiplied ({rows}x{n} and {m}x{columns})"))
}

fn cannot_batch(batch: usize, n: usize, m: usize) -> Error {
    Error::mismatch(format!(
        "Expected size for first two dimensions of batch2 tensor to be: [{batch}, {n}] but got: [{batch}, {m}]."
    ))
}

/// `F.linear`: the weight is (out, in), or (in) for one output without a dim.
pub fn linear(inputs: &[&Info]) -> Result<Info> {
    let (x, weight, bias) = match inputs {
        [x, weight] => (*x, *weight, None),
        [x, weight, bias] => (*x, *weight, Some(*bias)),
        _ => return Err(count(inputs, 2, 3)),
    };
    if bias.is_none() && weight.dtype != x.dtype {
        return Err(Error::mismatch(format!(
            "expected m1 and m2 to have the same dtype, but got: {} != {}",
            c_type(x.dtype),
            c_type(weight.dtype)
        )));
    }
    if [Some(weight), bias].into_iter().flatten().any(|y| y.dtype != x.dtype) {
        return Err(Error::mismatch(format!(
            "mat1 and mat2 must have the same dtype, but got {} and {}",
            x.dtype.scalar_type(),
            weight.dtype.scalar_type()
        )));
    }
    let [batch @ .., n] = x.shape.as_slice() else {
        return Err(Error::mismatch("both arguments to linear need to be at least 1D, but they are 0D and 2D"));
    };
    let mut shape = batch.to_vec();
    match weight.shape.as_slice() {
        [out, m] if n == m => shape.push(*out),
        [out, m] => {
            return Err(cannot_multiply(if bias.is_some() { "addmm" } else { "mm" }, elements(batch), *n, *m, *out));
        }
        [m] if n == m => {}
        [m] => {
            let rows = elements(batch);
            return Err(Error::mismatch(format!("size mismatch, got input ({rows}), mat ({rows}x{n}), vec ({m})")));
        }
        other => {
            return Err(Error::mismatch(format!(
                "t() expects a tensor with <= 2 dimensions, but self is {}D",
                other.len()
            )));
        }
    }
    if let Some(bias) = bias
        && !super::operand::expands_to(&bias.shape, &shape)
    {
        // torch folds the batch into rows before it adds.
        let folded: Vec<usize> = [elements(batch)].into_iter().chain(shape.last().copied()).collect();
        return Err(super::shape::not_expandable(&bias.shape, &folded, bias));
    }
    Ok(like(x, shape))
}
