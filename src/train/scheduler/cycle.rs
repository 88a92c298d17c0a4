//! `OneCycleLR` and `CyclicLR`: a learning rate that rises and falls, and a momentum (or `betas[0]`) that falls and rises
//! (`torch/optim/lr_scheduler.py`).

use super::attribute::{Attribute, Attributes};
use super::lambda;
use crate::error::{Error, Result};
use crate::train::groups::ParamGroup;
use crate::train::hyper::{Hyper, HyperValue};
use std::f64::consts::PI;

/// An argument for each group: one for all, or a list.
pub(super) fn for_each(arguments: &Attributes, name: &str, groups: usize) -> Result<Vec<f64>> {
    match arguments.get(name) {
        Some(Attribute::List(items)) if items.len() != groups => Err(Error::mismatch(format!(
            "{name} must have the same length as optimizer.param_groups. {name} has {} values, param_groups has {groups}.",
            items.len()
        ))),
        Some(Attribute::List(_)) => arguments.numbers(name),
        _ => Ok(vec![arguments.number(name)?; groups]),
    }
}

pub(super) fn floats(values: &[f64]) -> Attribute {
    Attribute::List(values.iter().map(|v| Attribute::Float(*v)).collect())
}

/// Which hyper-parameter the cycle drives against the learning rate: true for `betas[0]`.
fn uses_beta(defaults: &Hyper) -> Result<bool> {
    let beta = defaults.get("betas").is_some();
    if !beta && defaults.get("momentum").is_none() {
        return Err(Error::mismatch("optimizer must support momentum or beta1 with `cycle_momentum` option enabled"));
    }
    Ok(beta)
}

/// `group["momentum"] = value`, or the first of `betas`.
fn set_momentum(group: &mut ParamGroup, beta: bool, value: f64) -> Result<()> {
    if beta {
        let (_, second) = group.hyper.pair("betas")?;
        group.hyper.set("betas", HyperValue::Pair(value, second));
    } else {
        group.hyper.set("momentum", HyperValue::Float(value));
    }
    Ok(())
}

/// Sets the momentum's range in each group, and its start.
fn start_momentum(arguments: &Attributes, beta: bool, groups: &mut [ParamGroup], fresh: bool) -> Result<[Vec<f64>; 2]> {
    let low = for_each(arguments, "base_momentum", groups.len())?;
    let high = for_each(arguments, "max_momentum", groups.len())?;
    if fresh {
        for ((group, low), high) in groups.iter_mut().zip(&low).zip(&high) {
            set_momentum(group, beta, *high)?;
            group.hyper.set("max_momentum", HyperValue::Float(*high));
            group.hyper.set("base_momentum", HyperValue::Float(*low));
        }
    }
    Ok([low, high])
}

/// One phase of OneCycleLR: where it ends, and the names of what it goes between.
fn phase(end: Attribute, [start_lr, end_lr, start_momentum, end_momentum]: [&str; 4]) -> Attribute {
    Attribute::Dict(Attributes::new([
        ("end_step", end),
        ("start_lr", start_lr.into()),
        ("end_lr", end_lr.into()),
        ("start_momentum", start_momentum.into()),
        ("end_momentum", end_momentum.into()),
    ]))
}

/// `OneCycleLR.__init__`, up to the first step.
#[expect(clippy::cast_precision_loss, reason = "steps below 2^53")]
pub(super) fn one_cycle(
    arguments: &Attributes,
    defaults: &Hyper,
    groups: &mut [ParamGroup],
    fresh: bool,
) -> Result<Attributes> {
    let positive = |name: &str| match arguments.get(name) {
        None | Some(Attribute::None) => Ok(None),
        Some(Attribute::Int(n)) if *n > 0 => Ok(Some(*n)),
        Some(other) => {
            let shown = other.number().map_or_else(|| "no number".to_owned(), |n| n.to_string());
            Err(Error::mismatch(format!("Expected positive integer {name}, but got {shown}")))
        }
    };
    let total = match (positive("total_steps")?, positive("epochs")?, positive("steps_per_epoch")?) {
        (Some(total), ..) => total,
        (None, Some(epochs), Some(steps)) => epochs.saturating_mul(steps),
        _ => {
            return Err(Error::mismatch("You must define either total_steps OR (epochs AND steps_per_epoch)"));
        }
    };
    let share = arguments.number("pct_start")?;
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::mismatch(format!("Expected float between 0 and 1 pct_start, but got {share}")));
    }
    let strategy = arguments.text("anneal_strategy")?;
    if !matches!(strategy, "cos" | "linear") {
        return Err(Error::mismatch(format!(
            "anneal_strategy must be one of 'cos' or 'linear', instead got {strategy}"
        )));
    }
    let (up, last) = (share * total as f64 - 1.0, Attribute::Int(total - 1));
    let rise = phase(Attribute::Float(up), ["initial_lr", "max_lr", "max_momentum", "base_momentum"]);
    let phases = if arguments.flag("three_phase") {
        let down = Attribute::Float(2.0 * share * total as f64 - 2.0);
        vec![
            rise,
            phase(down, ["max_lr", "initial_lr", "base_momentum", "max_momentum"]),
            phase(last, ["initial_lr", "min_lr", "max_momentum", "max_momentum"]),
        ]
    } else {
        vec![rise, phase(last, ["max_lr", "min_lr", "base_momentum", "max_momentum"])]
    };
    let highest = for_each(arguments, "max_lr", groups.len())?;
    let (div, final_div) = (arguments.number("div_factor")?, arguments.number("final_div_factor")?);
    let cycle = arguments.flag("cycle_momentum");
    let beta = if cycle { uses_beta(defaults)? } else { false };
    if fresh {
        for (group, high) in groups.iter_mut().zip(&highest) {
            group.hyper.set("initial_lr", HyperValue::Float(high / div));
            group.hyper.set("max_lr", HyperValue::Float(*high));
            group.hyper.set("min_lr", HyperValue::Float(high / div / final_div));
        }
    }
    let mut a = Attributes::new([
        ("total_steps", Attribute::Int(total)),
        ("_schedule_phases", Attribute::List(phases)),
        ("_anneal_func_type", strategy.into()),
        ("cycle_momentum", Attribute::Bool(cycle)),
    ]);
    if cycle {
        a.set("use_beta1", Attribute::Bool(beta));
        start_momentum(arguments, beta, groups, fresh)?;
    }
    Ok(a)
}

/// `OneCycleLR.get_lr`; sets the momentum.
pub(super) fn one_cycle_rates(a: &Attributes, groups: &mut [ParamGroup]) -> Result<Vec<f64>> {
    let (step, total) = (a.number("last_epoch")?, a.number("total_steps")?);
    if step > total {
        return Err(Error::mismatch(format!(
            "Tried to step {step} times. The specified number of total steps is {total}"
        )));
    }
    let Some(Attribute::List(phases)) = a.get("_schedule_phases") else {
        return Err(Error::mismatch("_schedule_phases must be a list"));
    };
    let mut start = 0.0;
    let mut found = None;
    for (index, phase) in phases.iter().enumerate() {
        let Attribute::Dict(phase) = phase else { return Err(Error::mismatch("a phase must be a dict")) };
        let end = phase.number("end_step")?;
        if step <= end || index + 1 == phases.len() {
            found = Some((phase, (step - start) / (end - start)));
            break;
        }
        start = end;
    }
    let (phase, share) = found.ok_or_else(|| Error::mismatch("_schedule_phases is empty"))?;
    let cosine = a.get("_anneal_func_type").is_none_or(|kind| *kind == Attribute::from("cos"));
    let anneal = |from: f64, to: f64| match cosine {
        true => to + (from - to) / 2.0 * ((PI * share).cos() + 1.0),
        false => (to - from) * share + from,
    };
    let mut rates = Vec::with_capacity(groups.len());
    for group in groups {
        let value = |name: &str| group.hyper.number(phase.text(name)?);
        rates.push(anneal(value("start_lr")?, value("end_lr")?));
        if a.flag("cycle_momentum") {
            let momentum = anneal(value("start_momentum")?, value("end_momentum")?);
            set_momentum(group, a.flag("use_beta1"), momentum)?;
        }
    }
    Ok(rates)
}

/// `CyclicLR.__init__`, up to the first step; `base_lrs` is set after it.
pub(super) fn cyclic(
    arguments: &Attributes,
    defaults: &Hyper,
    groups: &mut [ParamGroup],
    fresh: bool,
) -> Result<Attributes> {
    let lowest = for_each(arguments, "base_lr", groups.len())?;
    let highest = for_each(arguments, "max_lr", groups.len())?;
    let up = arguments.number("step_size_up")?;
    let down = match arguments.get("step_size_down") {
        None | Some(Attribute::None) => up,
        Some(_) => arguments.number("step_size_down")?,
    };
    let mode = arguments.text("mode")?;
    let custom = matches!(arguments.get("scale_fn"), Some(Attribute::Str(_)));
    if !matches!(mode, "triangular" | "triangular2" | "exp_range") && !custom {
        return Err(Error::mismatch("mode is invalid and scale_fn is None"));
    }
    let scale_mode = match mode {
        _ if custom => arguments.text("scale_mode")?,
        "exp_range" => "iterations",
        _ => "cycle",
    };
    let cycle = arguments.flag("cycle_momentum");
    let beta = if cycle { uses_beta(defaults)? } else { false };
    if fresh {
        for (group, low) in groups.iter_mut().zip(&lowest) {
            group.set_lr(*low);
        }
    }
    let mut a = Attributes::new([
        ("max_lrs", floats(&highest)),
        ("total_size", Attribute::Float(up + down)),
        ("step_ratio", Attribute::Float(up / (up + down))),
        ("mode", mode.into()),
        ("gamma", Attribute::Float(arguments.number("gamma")?)),
        ("scale_mode", scale_mode.into()),
        ("cycle_momentum", Attribute::Bool(cycle)),
    ]);
    if cycle {
        a.set("use_beta1", Attribute::Bool(beta));
        let [low, high] = start_momentum(arguments, beta, groups, fresh)?;
        a.set("base_momentums", floats(&low));
        a.set("max_momentums", floats(&high));
    }
    Ok(a)
}

/// `CyclicLR.get_lr`; sets the momentum. `scale_fn` is the user's, as an expression.
pub(super) fn cyclic_rates(a: &Attributes, scale_fn: Option<&str>, groups: &mut [ParamGroup]) -> Result<Vec<f64>> {
    let (epoch, size, ratio) = (a.number("last_epoch")?, a.number("total_size")?, a.number("step_ratio")?);
    let cycle = (1.0 + epoch / size).floor();
    let x = 1.0 + epoch / size - cycle;
    let share = if x <= ratio { x / ratio } else { (x - 1.0) / (ratio - 1.0) };
    let at = if a.text("scale_mode")? == "cycle" { cycle } else { epoch };
    let scale = match (scale_fn, a.text("mode")?) {
        (Some(function), _) => lambda::call(function, at)?,
        (None, "triangular2") => 1.0 / 2.0f64.powf(at - 1.0),
        (None, "exp_range") => a.number("gamma")?.powf(at),
        (None, _) => 1.0,
    };
    let rates = a.numbers("base_lrs")?.into_iter().zip(a.numbers("max_lrs")?);
    let rates = rates.map(|(low, high)| low + (high - low) * share * scale).collect();
    if a.flag("cycle_momentum") {
        let ranges = a.numbers("base_momentums")?.into_iter().zip(a.numbers("max_momentums")?);
        for (group, (low, high)) in groups.iter_mut().zip(ranges) {
            set_momentum(group, a.flag("use_beta1"), high - (high - low) * share * scale)?;
        }
    }
    Ok(rates)
}
