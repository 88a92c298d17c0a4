//! The schedulers whose learning rate is one formula: recursive from one step to the next, as torch computes it, and in closed form where
//! torch has one (`get_lr` and `_get_closed_form_lr` in `torch/optim/lr_scheduler.py`).

use super::attribute::{Attribute, Attributes};
use super::class::Class;
use crate::error::{Error, Result};
use crate::train::groups::ParamGroup;
use std::f64::consts::PI;

/// Checks a constructor's arguments; what they become as attributes.
pub(super) fn attributes(class: Class, mut arguments: Attributes) -> Result<Attributes> {
    match class {
        Class::Constant if !(0.0..=1.0).contains(&arguments.number("factor")?) => {
            return Err(Error::mismatch("Constant multiplicative factor expected to be between 0 and 1."));
        }
        Class::Linear => {
            let (start, end) = (arguments.number("start_factor")?, arguments.number("end_factor")?);
            if start > 1.0 || start <= 0.0 {
                return Err(Error::mismatch(
                    "Starting multiplicative factor expected to be greater than 0 and less or equal to 1.",
                ));
            }
            if !(0.0..=1.0).contains(&end) {
                return Err(Error::mismatch("Ending multiplicative factor expected to be between 0 and 1."));
            }
        }
        Class::MultiStep => {
            let Some(Attribute::List(items)) = arguments.get("milestones") else {
                return Err(Error::mismatch("milestones must be a list of integers"));
            };
            let mut counter: Vec<(i64, i64)> = Vec::new();
            for item in items {
                let epoch = item.int().ok_or_else(|| Error::mismatch("milestones must be a list of integers"))?;
                match counter.iter_mut().find(|(at, _)| *at == epoch) {
                    Some((_, count)) => *count += 1,
                    None => counter.push((epoch, 1)),
                }
            }
            arguments.set("milestones", Attribute::Counter(counter));
        }
        Class::WarmRestarts => return warm_restarts(&arguments),
        _ => {}
    }
    Ok(arguments)
}

fn warm_restarts(arguments: &Attributes) -> Result<Attributes> {
    let (first, multiple) = (arguments.number("T_0")?, arguments.number("T_mult")?);
    if first <= 0.0 || first.fract() != 0.0 {
        return Err(Error::mismatch(format!("Expected positive integer T_0, but got {first}")));
    }
    if multiple < 1.0 || multiple.fract() != 0.0 {
        return Err(Error::mismatch(format!("Expected integer T_mult >= 1, but got {multiple}")));
    }
    let (first, multiple) = (Attribute::Int(arguments.int("T_0")?), Attribute::Int(arguments.int("T_mult")?));
    let eta_min = Attribute::Float(arguments.number("eta_min")?);
    Ok(Attributes::new([
        ("T_0", first.clone()),
        ("T_i", first),
        ("T_mult", multiple),
        ("eta_min", eta_min),
        ("T_cur", Attribute::Int(-1)),
    ]))
}

/// `CosineAnnealingWarmRestarts.step()`'s own counting: T_cur and T_i.
pub(super) fn count_restarts(a: &mut Attributes) -> Result<()> {
    if a.int("last_epoch")? < 0 {
        let first = a.int("T_0")?;
        a.set("T_i", Attribute::Int(first));
        a.set("T_cur", Attribute::Int(0));
        a.set("last_epoch", Attribute::Int(0));
        return Ok(());
    }
    let (mut current, mut length) = (a.int("T_cur")?.saturating_add(1), a.int("T_i")?);
    if current >= length {
        current = current.checked_rem(length).ok_or_else(by_zero)?;
        length = length.saturating_mul(a.int("T_mult")?);
    }
    a.set("T_cur", Attribute::Int(current));
    a.set("T_i", Attribute::Int(length));
    let epoch = a.int("last_epoch")?.saturating_add(1);
    a.set("last_epoch", Attribute::Int(epoch));
    Ok(())
}

/// `get_lr()`: the new rate of each group from its present one, its first one, and the epoch.
pub(super) fn recursive(class: Class, a: &Attributes, initial: bool, groups: &[ParamGroup]) -> Result<Vec<f64>> {
    let epoch = a.number("last_epoch")?;
    let base = a.numbers("base_lrs")?;
    let each = |rate: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        groups.iter().zip(&base).map(|(group, base)| rate(group.lr(), *base)).collect()
    };
    let times = |factor: f64| each(&|lr, _| lr * factor);
    let same = || each(&|lr, _| lr);
    Ok(match class {
        Class::Step => {
            let size = a.number("step_size")?;
            if size == 0.0 {
                return Err(by_zero());
            }
            if epoch == 0.0 || epoch % size != 0.0 { same() } else { times(a.number("gamma")?) }
        }
        Class::MultiStep => match milestones(a)?.iter().find(|(at, _)| *at == epoch) {
            Some((_, count)) => times(a.number("gamma")?.powf(*count)),
            None => same(),
        },
        Class::Constant => {
            let factor = a.number("factor")?;
            if epoch == 0.0 {
                times(factor)
            } else if epoch == a.number("total_iters")? {
                times(1.0 / factor)
            } else {
                same()
            }
        }
        Class::Linear => {
            let (start, end, total) = (a.number("start_factor")?, a.number("end_factor")?, a.number("total_iters")?);
            if epoch == 0.0 {
                times(start)
            } else if initial || epoch > total {
                same()
            } else {
                times(1.0 + (end - start) / (total * start + (epoch - 1.0) * (end - start)))
            }
        }
        Class::Exponential if initial => same(),
        Class::Exponential => times(a.number("gamma")?),
        Class::Polynomial => {
            let total = a.number("total_iters")?;
            if initial || epoch > total {
                same()
            } else {
                let factor = (1.0 - epoch / total) / (1.0 - (epoch - 1.0) / total);
                times(factor.powf(a.number("power")?))
            }
        }
        Class::CosineAnnealing => {
            let (half, least) = (a.number("T_max")?, a.number("eta_min")?);
            if initial {
                same()
            } else if a.number("_step_count")? == 1.0 && epoch > 0.0 {
                each(&|_, base| least + (base - least) * (1.0 + (epoch * PI / half).cos()) / 2.0)
            } else if (epoch - 1.0 - half).rem_euclid(2.0 * half) == 0.0 {
                each(&|lr, base| lr + (base - least) * (1.0 - (PI / half).cos()) / 2.0)
            } else {
                let factor = (1.0 + (PI * epoch / half).cos()) / (1.0 + (PI * (epoch - 1.0) / half).cos());
                each(&|lr, _| factor * (lr - least) + least)
            }
        }
        Class::WarmRestarts => {
            let (current, length, least) = (a.number("T_cur")?, a.number("T_i")?, a.number("eta_min")?);
            each(&|_, base| least + (base - least) * (1.0 + (PI * current / length).cos()) / 2.0)
        }
        other => return Err(Error::unsupported(format!("{} inside SequentialLR", other.name()))),
    })
}

/// `_get_closed_form_lr()`: the rates of an epoch that is set; `None` where torch has no closed form.
pub(super) fn closed_form(class: Class, a: &Attributes) -> Result<Option<Vec<f64>>> {
    let epoch = a.number("last_epoch")?;
    let base = a.numbers("base_lrs")?;
    let times = |factor: f64| base.iter().map(|base| base * factor).collect();
    Ok(Some(match class {
        Class::Step => {
            let size = a.number("step_size")?;
            if size == 0.0 {
                return Err(by_zero());
            }
            times(a.number("gamma")?.powf((epoch / size).floor()))
        }
        Class::MultiStep => {
            let passed: f64 = milestones(a)?.iter().filter(|(at, _)| *at <= epoch).map(|(_, count)| *count).sum();
            times(a.number("gamma")?.powf(passed))
        }
        Class::Constant => {
            let factor = a.number("factor")?;
            let over = f64::from(u8::from(epoch >= a.number("total_iters")?));
            times(factor + over * (1.0 - factor))
        }
        Class::Linear => {
            let (start, end, total) = (a.number("start_factor")?, a.number("end_factor")?, a.number("total_iters")?);
            times(start + (end - start) * total.min(epoch) / total)
        }
        Class::Exponential => times(a.number("gamma")?.powf(epoch)),
        Class::Polynomial => {
            let total = a.number("total_iters")?;
            times((1.0 - total.min(epoch) / total).powf(a.number("power")?))
        }
        Class::CosineAnnealing => {
            let (half, least) = (a.number("T_max")?, a.number("eta_min")?);
            base.iter().map(|base| least + (base - least) * (1.0 + (PI * epoch / half).cos()) / 2.0).collect()
        }
        _ => return Ok(None),
    }))
}

/// MultiStepLR's epochs, and how often each is listed.
#[expect(clippy::cast_precision_loss, reason = "epochs below 2^53")]
fn milestones(a: &Attributes) -> Result<Vec<(f64, f64)>> {
    match a.get("milestones") {
        Some(Attribute::Counter(items)) => Ok(items.iter().map(|(at, count)| (*at as f64, *count as f64)).collect()),
        _ => Err(Error::mismatch("milestones must be a Counter")),
    }
}

fn by_zero() -> Error {
    Error::mismatch("integer division or modulo by zero")
}
