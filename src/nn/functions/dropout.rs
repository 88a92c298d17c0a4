//! Dropout: a node in train mode, nothing in eval mode.

use crate::error::{Error, Result};
use crate::graph::op::{DropoutKind, Op, Scalar};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::Value;

/// `rank`: the rank of a batch, for those that drop channels; one less is a single sample.
fn dropout(host: &mut dyn Host, b: &Bound<'_>, kind: DropoutKind, rank: Option<usize>) -> Result<Value> {
    let p = b.float("p")?;
    if !(0.0..=1.0).contains(&p) {
        return Err(
            Error::mismatch(format!("dropout probability has to be between 0 and 1, but got {p}")).code("value_error")
        );
    }
    let x = b.id("input")?;
    if !b.bool(if b.has("training") { "training" } else { "train" })? || p == 0.0 {
        return Ok(b.value("input").clone());
    }
    let shape = node::shape(host, x);
    if p == 1.0 {
        let dtype = node::dtype(host, x);
        return node::full(host, shape, Scalar::Float(0.0), dtype).map(Value::tensor);
    }
    // a sample without a batch drops whole channels too
    if rank.is_some_and(|rank| shape.len() + 1 == rank) {
        let batch = [1].into_iter().chain(shape.iter().copied()).collect();
        let x = node::reshape(host, x, batch)?;
        let y = node::op(host, Op::Dropout { p, kind }, &[x])?;
        return node::reshape(host, y, shape).map(Value::tensor);
    }
    node::op(host, Op::Dropout { p, kind }, &[x]).map(Value::tensor)
}

functions! {
    f "dropout": "(input, p=0.5, training=True, inplace=False)" => |h, b| dropout(h, b, DropoutKind::Element, None);
    f "alpha_dropout": "(input, p=0.5, training=False, inplace=False)" => |h, b| dropout(h, b, DropoutKind::Alpha, None);
    f "feature_alpha_dropout": "(input, p=0.5, training=False, inplace=False)" => |h, b| dropout(h, b, DropoutKind::FeatureAlpha, None);
    f "dropout1d": "(input, p=0.5, training=True, inplace=False)" => |h, b| dropout(h, b, DropoutKind::Feature, Some(3));
    f "dropout2d": "(input, p=0.5, training=True, inplace=False)" => |h, b| dropout(h, b, DropoutKind::Feature, None);
    f "dropout3d": "(input, p=0.5, training=True, inplace=False)" => |h, b| dropout(h, b, DropoutKind::Feature, Some(5));
    tj "dropout": "(input, p, train)" => |h, b| dropout(h, b, DropoutKind::Element, None);
    tj "feature_dropout": "(input, p, train)" => |h, b| dropout(h, b, DropoutKind::Feature, None);
    tj "alpha_dropout": "(input, p, train)" => |h, b| dropout(h, b, DropoutKind::Alpha, None);
}
