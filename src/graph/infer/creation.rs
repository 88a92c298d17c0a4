//! Tensors from nothing: `full`, `arange`, `linspace`, `eye`, random numbers.

use super::super::Info;
use super::super::op::{Distribution, Op};
use super::operand::{exactly, not_implemented};
use crate::error::{Error, Result};

/// The creating operators; their shape is an attribute.
pub fn create(op: &Op, inputs: &[&Info]) -> Result<Info> {
    let [] = exactly::<0>(inputs)?;
    let (shape, dtype) = match op {
        Op::Full { shape, dtype, .. } => (shape.clone(), dtype),
        Op::Arange { step, len, dtype, .. } => {
            if step.as_f64() == 0.0 {
                return Err(Error::mismatch("step must be nonzero"));
            }
            (vec![*len], dtype)
        }
        Op::Linspace { steps, dtype, .. } => (vec![*steps], dtype),
        Op::Eye { n, m, dtype } => (vec![*n, *m], dtype),
        Op::Random { distribution, shape, dtype } => {
            match *distribution {
                Distribution::Uniform { low, high } if low > high => {
                    return Err(Error::mismatch(format!(
                        "uniform_ expects to return a [from, to) range, but found from={low} > to={high}"
                    )));
                }
                Distribution::Uniform { .. } if !dtype.is_float() => {
                    return Err(not_implemented("check_uniform_bounds", *dtype));
                }
                Distribution::Normal { std, .. } if std < 0.0 => {
                    return Err(Error::mismatch(format!("normal expects std >= 0.0, but found std {std}")));
                }
                Distribution::Normal { .. } if !dtype.is_float() => {
                    return Err(not_implemented("normal_kernel_cpu", *dtype));
                }
                Distribution::Randint { low, high } if low >= high => {
                    return Err(Error::mismatch(format!(
                        "random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
                    )));
                }
                Distribution::Permutation if shape.len() != 1 => {
                    return Err(Error::mismatch(format!("a permutation has one dimension, not the shape {shape:?}")));
                }
                _ => {}
            }
            (shape.clone(), dtype)
        }
        other => return Err(Error::mismatch(format!("{} creates nothing", other.name()))),
    };
    Ok(Info { shape, dtype: *dtype })
}

/// `torch.bernoulli`: probabilities in, zeros and ones of their dtype out.
pub fn bernoulli(p: &Info) -> Result<Info> {
    super::operand::float("bernoulli_tensor_cpu_p_", p)?;
    Ok(p.clone())
}
