//! `torch.nn.modules.pooling`: MaxUnpool1d, MaxUnpool2d, MaxUnpool3d.

use super::attribute;
use crate::error::Result;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::module::Class;
use crate::nn::value::{ModuleId, Value};

macro_rules! unpool {
    ($name:literal, $function:literal) => {
        Class {
            name: $name,
            aliases: &[],
            signature: "(kernel_size, stride=None, padding=0)",
            init,
            forward_signature: "(input, indices, output_size=None)",
            forward: |host, id, bound| {
                let mut keyword = attribute::kept(host, id, &["kernel_size", "stride", "padding"]);
                keyword.push(("output_size", bound.value("output_size").clone()));
                let arguments = vec![bound.value("input").clone(), bound.value("indices").clone()];
                attribute::call(host, $function, arguments, &keyword)
            },
            setstate: |_| {},
        }
    };
}

/// The classes.
pub const CLASSES: &[Class] = &[
    unpool!("torch.nn.modules.pooling.MaxUnpool1d", "torch.nn.functional.max_unpool1d"),
    unpool!("torch.nn.modules.pooling.MaxUnpool2d", "torch.nn.functional.max_unpool2d"),
    unpool!("torch.nn.modules.pooling.MaxUnpool3d", "torch.nn.functional.max_unpool3d"),
];

fn init(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<()> {
    attribute::keep(host, id, bound)?;
    if let Value::None = bound.value("stride") {
        attribute::set(host, id, "stride", bound.value("kernel_size").clone())?;
    }
    Ok(())
}
