//! `ReduceLROnPlateau`: the learning rate falls when a metric has stopped improving (`torch/optim/lr_scheduler.py`).

use super::attribute::{Attribute, Attributes};
use super::last_rates;
use crate::error::{Error, Result};
use crate::train::groups::ParamGroup;

/// `__init__`
pub(super) fn attributes(arguments: &Attributes, groups: &[ParamGroup]) -> Result<Attributes> {
    if arguments.number("factor")? >= 1.0 {
        return Err(Error::mismatch("Factor should be < 1.0."));
    }
    let mode = arguments.text("mode")?;
    let worst = match mode {
        "min" => f64::INFINITY,
        "max" => f64::NEG_INFINITY,
        _ => return Err(Error::mismatch(format!("mode {mode} is unknown!"))),
    };
    let threshold_mode = arguments.text("threshold_mode")?;
    if !matches!(threshold_mode, "rel" | "abs") {
        return Err(Error::mismatch(format!("threshold mode {threshold_mode} is unknown!")));
    }
    let given = arguments.get("min_lr").cloned().unwrap_or(Attribute::Int(0));
    let (default, least) = match given {
        Attribute::List(items) if items.len() != groups.len() => {
            return Err(Error::mismatch(format!("expected {} min_lrs, got {}", groups.len(), items.len())));
        }
        Attribute::List(items) => (Attribute::None, items),
        one => (one.clone(), vec![one; groups.len()]),
    };
    let take = |name: &str| arguments.get(name).cloned().unwrap_or(Attribute::None);
    Ok(Attributes::new([
        ("factor", take("factor")),
        ("default_min_lr", default),
        ("min_lrs", Attribute::List(least)),
        ("patience", take("patience")),
        ("cooldown", take("cooldown")),
        ("eps", take("eps")),
        ("last_epoch", Attribute::Int(0)),
        ("_last_lr", last_rates(groups)),
        ("mode_worse", Attribute::Float(worst)),
        ("mode", mode.into()),
        ("threshold", take("threshold")),
        ("threshold_mode", threshold_mode.into()),
        ("best", Attribute::Float(worst)),
        ("cooldown_counter", Attribute::Int(0)),
        ("num_bad_epochs", Attribute::Int(0)),
    ]))
}

/// `step(metric)`
pub(super) fn step(a: &mut Attributes, metric: f64, groups: &mut [ParamGroup]) -> Result<()> {
    let next = a.int("last_epoch")?.saturating_add(1);
    let (best, threshold) = (a.number("best")?, a.number("threshold")?);
    let better = match (a.text("mode")?, a.text("threshold_mode")?) {
        ("min", "rel") => metric < best * (1.0 - threshold),
        ("min", _) => metric < best - threshold,
        (_, "rel") => metric > best * (threshold + 1.0),
        _ => metric > best + threshold,
    };
    let mut bad = if better { 0 } else { a.int("num_bad_epochs")?.saturating_add(1) };
    let mut cooldown = a.int("cooldown_counter")?;
    if cooldown > 0 {
        cooldown -= 1;
        bad = 0;
    }
    if bad > a.int("patience")? {
        reduce(a, groups)?;
        cooldown = a.int("cooldown")?;
        bad = 0;
    }
    a.set("last_epoch", Attribute::Int(next));
    if better {
        a.set("best", Attribute::Float(metric));
    }
    a.set("cooldown_counter", Attribute::Int(cooldown));
    a.set("num_bad_epochs", Attribute::Int(bad));
    a.set("_last_lr", last_rates(groups));
    Ok(())
}

fn reduce(a: &mut Attributes, groups: &mut [ParamGroup]) -> Result<()> {
    let (factor, eps) = (a.number("factor")?, a.number("eps")?);
    let mut least = a.numbers("min_lrs")?;
    if least.len() != groups.len() {
        let (now, then) = (groups.len(), least.len());
        let default = a.get("default_min_lr").and_then(Attribute::number).ok_or_else(|| {
            Error::mismatch(format!(
                "The number of param groups in the `optimizer` ({now}) differs from when `ReduceLROnPlateau` was initialized ({then}), usually due to a new param group being added to the optimizer. Please modify the `min_lrs` field to match the length of the `optimizer` param groups."
            ))
        })?;
        least = vec![default; now];
        a.set("min_lrs", Attribute::List(vec![Attribute::Float(default); now]));
    }
    for (group, least) in groups.iter_mut().zip(least) {
        let old = group.lr();
        let new = (old * factor).max(least);
        if old - new > eps {
            group.set_lr(new);
        }
    }
    Ok(())
}
