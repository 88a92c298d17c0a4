//! Numbers against torch's: |got − want| ≤ atol + rtol·|want| everywhere, NaN equal to NaN, infinities exact.

use serde_json::Value;
use torchtab::convert::{Number, encode};
use torchtab::dtype::DType;
use torchtab::session::input::Output;

/// Compares one leaf of forward's result with what the case says of it; the largest error.
pub fn leaf(got: &Output, want: &Value, atol: f64, rtol: f64) -> Result<f64, String> {
    if want["dtype"].is_null() {
        return value(got, &want["value"], atol, rtol);
    }
    let Output::Tensor(got) = got else { return Err(format!("is no tensor: {got:?}")) };
    let dtype = want["dtype"].as_str().and_then(DType::from_name).ok_or("an unknown dtype")?;
    if got.dtype != dtype {
        return Err(format!("dtype torch.{}, and {} was expected", got.dtype.name(), want["dtype"]));
    }
    if serde_json::json!(got.shape) != want["shape"] {
        return Err(format!("shape {:?}, and {} was expected", got.shape, want["shape"]));
    }
    let numbers = got.to_f64().map_err(|e| e.to_string())?;
    let wanted = want["data"].as_array().ok_or("no data")?;
    let places: Vec<usize> = match want["index"].as_array() {
        Some(index) => index.iter().filter_map(|i| usize::try_from(i.as_u64()?).ok()).collect(),
        None => (0..numbers.len()).collect(),
    };
    if places.len() != wanted.len() {
        return Err(format!("{} elements, and {} were expected", places.len(), wanted.len()));
    }
    let mut worst = 0.0f64;
    for (place, want) in places.into_iter().zip(wanted) {
        let got = *numbers.get(place).ok_or_else(|| format!("no element {place}"))?;
        worst = worst.max(close(got, number(want)?, atol, rtol).map_err(|e| format!("element {place}: {e}"))?);
    }
    whole(&numbers, want, atol, rtol)?;
    Ok(worst)
}

/// Where only some positions are given, the mean and its relatives cover the rest.
fn whole(numbers: &[f64], want: &Value, atol: f64, rtol: f64) -> Result<(), String> {
    if numbers.is_empty() {
        return Ok(());
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of elements")]
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let spread = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let found = [
        ("mean", mean),
        ("min", numbers.iter().copied().fold(f64::INFINITY, f64::min)),
        ("max", numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
    ];
    for (name, got) in found {
        if want[name].is_number() {
            close(got, number(&want[name])?, atol, rtol).map_err(|e| format!("{name}: {e}"))?;
        }
    }
    if want["std"].is_number() {
        let wanted = number(&want["std"])?;
        // Either of torch's two: the case format does not say whether it is corrected.
        let either = [count, (count - 1.0).max(1.0)].map(|n| close((spread / n).sqrt(), wanted, atol, rtol));
        if let [Err(text), Err(_)] = either {
            return Err(format!("std: {text}"));
        }
    }
    Ok(())
}

fn value(got: &Output, want: &Value, atol: f64, rtol: f64) -> Result<f64, String> {
    let different = || format!("is {got:?}, and {want} was expected");
    match got {
        Output::None if want.is_null() => Ok(0.0),
        Output::Str(text) if want.as_str() == Some(text) => Ok(0.0),
        Output::Scalar(torchtab::graph::op::Scalar::Bool(b)) => {
            (want.as_bool() == Some(*b)).then_some(0.0).ok_or_else(different)
        }
        Output::Scalar(scalar) => close(scalar.as_f64(), number(want)?, atol, rtol),
        _ => Err(different()),
    }
}

fn close(got: f64, want: f64, atol: f64, rtol: f64) -> Result<f64, String> {
    if got.is_nan() && want.is_nan() || got == want {
        return Ok(0.0);
    }
    let error = (got - want).abs();
    // beside an infinity every tolerance is infinite
    if error.is_finite() && error <= atol + rtol * want.abs() {
        return Ok(error);
    }
    Err(format!("{got}, and {want} was expected"))
}

/// A number or a tensor that an optimizer keeps. Moments are small, so the measure is the largest element.
pub fn moment(got: &Output, want: &Value, rtol: f64) -> Result<f64, String> {
    // Where torch keeps a tensor of one number, a count is one.
    let count = matches!(got, Output::Scalar(_)) && want["shape"].as_array().is_some_and(Vec::is_empty);
    let want = if count { &want["data"][0] } else { want };
    if want.is_number() {
        return value(got, want, 0.0, 1e-6);
    }
    let numbers = want["data"].as_array().into_iter().flatten().map(number).collect::<Result<Vec<_>, _>>()?;
    let largest = numbers.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let gap = leaf(got, want, rtol * largest, 0.0)?;
    Ok(if largest == 0.0 { gap } else { gap / largest })
}

/// JSON has no NaN: generators write strings for it and the infinities.
fn number(json: &Value) -> Result<f64, String> {
    match json {
        Value::Bool(b) => Ok(f64::from(u8::from(*b))),
        Value::Number(n) => n.as_f64().ok_or_else(|| format!("the number {n}")),
        Value::String(text) => match text.to_lowercase().replace("infinity", "inf").as_str() {
            "nan" => Ok(f64::NAN),
            other => other.parse().map_err(|_| format!("{json} is no number")),
        },
        _ => Err(format!("{json} is no number")),
    }
}

/// Numbers of a case as little-endian bytes.
pub fn bytes(dtype: DType, data: &Value) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    for element in data.as_array().ok_or("no data")? {
        let number = match element.as_i64() {
            Some(int) => Number::Int(int.into()),
            None => Number::Float(number(element)?),
        };
        if !encode(dtype, number, &mut out) {
            return Err(format!("data of torch.{}", dtype.name()));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::close;

    #[test]
    fn infinities_and_nan_are_exact() {
        let inf = f64::INFINITY;
        assert!(close(inf, inf, 0.0, 1e-4).is_ok());
        assert!(close(f64::NAN, f64::NAN, 0.0, 0.0).is_ok());
        for (got, want) in [(1.0, inf), (inf, 1.0), (-inf, inf), (1.0, f64::NAN), (f64::NAN, 1.0)] {
            assert!(close(got, want, 1.0, 1.0).is_err(), "{got} for {want}");
        }
        assert!(close(1.0, 1.5, 0.25, 0.25).is_ok());
    }
}
