//! `torch.finfo` and `torch.iinfo`: the limits of dtypes.

use crate::dtype::{Category, DType};
use crate::python::object::{Instance, Native, Object, Shallow};
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use std::cell::RefCell;
use std::rc::Rc;

/// `torch.finfo(dtype)`
pub static FINFO: Native = Native { name: "finfo", run: finfo };
/// `torch.iinfo(dtype)`
pub static IINFO: Native = Native { name: "iinfo", run: iinfo };

fn finfo(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let dtype = wanted(arguments, "finfo")?.unwrap_or(DType::Float32);
    // eps, largest, smallest normal, resolution
    let (eps, max, tiny, resolution) = match dtype {
        DType::Float64 => (f64::EPSILON, f64::MAX, f64::MIN_POSITIVE, 1e-15),
        DType::Float32 => (f32::EPSILON.into(), f32::MAX.into(), f32::MIN_POSITIVE.into(), 1e-6),
        DType::Float16 => {
            use half::f16;
            (f16::EPSILON.into(), f16::MAX.into(), f16::MIN_POSITIVE.into(), 1e-3)
        }
        DType::BFloat16 => {
            use half::bf16;
            (bf16::EPSILON.into(), bf16::MAX.into(), bf16::MIN_POSITIVE.into(), 1e-2)
        }
        _ => {
            return Err(Raised::type_error(format!(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.{}'",
                dtype.name()
            )));
        }
    };
    let numbers = [("eps", eps), ("max", max), ("min", -max), ("tiny", tiny), ("smallest_normal", tiny)];
    let numbers = numbers.into_iter().chain([("resolution", resolution)]);
    report(me, dtype, numbers.map(|(name, number)| (name, Object::Float(number))).collect())
}

fn iinfo(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let Some(dtype) = wanted(arguments, "iinfo")? else {
        return Err(Raised::type_error("iinfo() missing 1 required positional argument: 'type'"));
    };
    if dtype.category() != Category::Int {
        return Err(Raised::type_error(format!(
            "torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.{}'",
            dtype.name()
        )));
    }
    let bits = u32::try_from(dtype.size() * 8).unwrap_or(64);
    let signed = !dtype.name().starts_with('u');
    let (min, max) = match (signed, bits) {
        (true, _) => (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits)),
        (false, 64) => return Err(Raised::unsupported("torch.iinfo(torch.uint64)")),
        (false, _) => (0, (1i64 << bits) - 1),
    };
    report(me, dtype, vec![("min", Object::Int(min)), ("max", Object::Int(max))])
}

fn wanted(arguments: Arguments, name: &'static str) -> Outcome<Option<DType>> {
    let [given] = arguments.bind(name, ["type"], 0)?;
    match given {
        None => Ok(None),
        Some(Object::Dtype(dtype)) => Ok(Some(dtype)),
        Some(_) => Err(Raised::type_error(format!("{name}(): argument 'type' (position 1) must be torch.dtype"))),
    }
}

/// The limits as an object with attributes.
fn report(me: &mut Interpreter, dtype: DType, fields: Vec<(&str, Object)>) -> Outcome<Object> {
    let bits = i64::try_from(dtype.size() * 8).unwrap_or_default();
    let common = [("bits", Object::Int(bits)), ("dtype", Object::str(dtype.name()))];
    let all = fields.into_iter().chain(common).map(|(name, value)| (name.to_owned(), value)).collect();
    let class = me.namespace_class()?;
    Ok(Object::Instance(Rc::new(Instance {
        class,
        attributes: Shallow(RefCell::new(all)),
        payload: RefCell::new(Object::None),
    })))
}
