//! `torch.nn.modules.dropout`: they drop in train mode only.

use super::attribute;
use crate::error::{Error, Result};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::module::Class;
use crate::nn::value::{ModuleId, Value};

macro_rules! dropout {
    ($name:literal, $function:literal) => {
        Class {
            name: $name,
            aliases: &[],
            signature: "(p=0.5, inplace=False)",
            init,
            forward_signature: "(input)",
            forward: |host, id, bound| forward(host, id, bound, $function),
            setstate: |_| {},
        }
    };
}

/// The classes.
pub const CLASSES: &[Class] = &[
    dropout!("torch.nn.modules.dropout.Dropout", "torch.nn.functional.dropout"),
    dropout!("torch.nn.modules.dropout.Dropout1d", "torch.nn.functional.dropout1d"),
    dropout!("torch.nn.modules.dropout.Dropout2d", "torch.nn.functional.dropout2d"),
    dropout!("torch.nn.modules.dropout.Dropout3d", "torch.nn.functional.dropout3d"),
    dropout!("torch.nn.modules.dropout.AlphaDropout", "torch.nn.functional.alpha_dropout"),
    dropout!("torch.nn.modules.dropout.FeatureAlphaDropout", "torch.nn.functional.feature_alpha_dropout"),
];

fn init(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    let p = bound.float("p")?;
    if !(0.0..=1.0).contains(&p) {
        return Err(Error::mismatch(format!("dropout probability has to be between 0 and 1, but got {p}")));
    }
    attribute::keep(host, id, bound)
}

fn forward(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, function: &str) -> Result<Value> {
    let mut keyword = attribute::kept(host, id, &["p", "inplace"]);
    keyword.push(("training", Value::Bool(attribute::training(host, id))));
    attribute::call(host, function, vec![bound.value("input").clone()], &keyword)
}
