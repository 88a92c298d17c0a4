//! A constructor's call from the arguments that a training framework saved beside the weights.

use super::form::Source;
use super::probe::{Probe, Target};
use super::report::{Deduced, DeducedArgument};
use crate::checkpoint::arguments::SavedArguments;
use crate::network::state::Offered;
use crate::python::interpreter::ClassInfo;

/// The call of a class of the source that takes the saved arguments and has the file's keys and shapes; `None` where none has.
pub fn call(
    source: &Source<'_>,
    probe: &mut Probe<'_>,
    saved: &SavedArguments,
    offered: &[Vec<Offered>],
) -> Option<Deduced> {
    let targets: Vec<Target> = offered.iter().map(|entries| Target::new(entries)).collect();
    for class in source.classes.iter().filter(|class| class.is_module) {
        for (expression, arguments) in calls(class, saved) {
            let Some(shapes) = probe.shapes(&expression) else { continue };
            if targets.iter().any(|target| target.distance(&shapes) == 0) {
                return Some(Deduced { expression, arguments });
            }
        }
    }
    None
}

/// The ways to give a class the saved arguments: by name, or all of them in one.
fn calls(class: &ClassInfo, saved: &SavedArguments) -> Vec<(String, Vec<DeducedArgument>)> {
    let argument = |name: &str, value: &str| DeducedArgument {
        name: name.to_owned(),
        value: value.to_owned(),
        from: saved.key.clone(),
        told: true,
    };
    let listed = |separator: &str, items: &[&(String, String)]| {
        items.iter().map(|(name, value)| format!("{name}{separator}{value}")).collect::<Vec<_>>().join(", ")
    };
    let all: Vec<_> = saved.items.iter().collect();
    if let Some(whole) = &saved.whole
        && class.parameters.iter().any(|parameter| parameter.name == *whole)
    {
        let as_dict = saved.items.iter().map(|(name, value)| format!("'{name}': {value}")).collect::<Vec<_>>();
        let forms = [format!("SimpleNamespace({})", listed("=", &all)), format!("{{{}}}", as_dict.join(", "))];
        let call = |form: &String| (format!("{}({whole}={form})", class.name), vec![argument(whole, form)]);
        return forms.iter().map(call).collect();
    }
    // `**options` takes every name
    let open = class.parameters.last().is_some_and(|last| last.variadic);
    let takes = |name: &str| open || class.parameters.iter().any(|parameter| parameter.name == name);
    let given: Vec<_> = all.into_iter().filter(|(name, _)| takes(name)).collect();
    let has = |name: &str| given.iter().any(|(known, _)| known == name);
    if class.parameters.iter().any(|parameter| parameter.is_required() && !has(&parameter.name)) {
        return Vec::new();
    }
    let arguments = given.iter().map(|(name, value)| argument(name, value)).collect();
    vec![(format!("{}({})", class.name, listed("=", &given)), arguments)]
}
