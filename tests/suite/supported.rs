//! `docs/supported.md` says what the tables of the code say: it is made of them here.
//!
//!     TORCHTAB_WRITE=1 cargo test -p torchtab --test suite supported

use std::fmt::Write;
use std::path::Path;
use torchtab::network::packages::PACKAGES;
use torchtab::network::zoo::library::ZOO;
use torchtab::network::zoo::table::FAMILIES;
use torchtab::nn::{function, modules};
use torchtab::train::{optimizer, scheduler};

/// Names that are known and always refused, with the reason: no network of fixed shapes can have them.
const REFUSED: &[(&str, &[&str])] = &[
    ("the shape of the result depends on values", &["fractional_max_pool2d", "fractional_max_pool3d"]),
    ("there is no memory to point to", &["data_ptr"]),
    ("training is asked for from outside", &["backward"]),
    (
        "hooks on gradients and state_dicts are code beside forward",
        &[
            "register_full_backward_hook",
            "register_full_backward_pre_hook",
            "register_backward_hook",
            "register_load_state_dict_post_hook",
            "register_state_dict_pre_hook",
            "load_state_dict",
        ],
    ),
];

/// Where functions live, and what they are called there.
const HOMES: &[(&str, &str)] = &[
    ("torch.nn.functional.", "`torch.nn.functional`"),
    ("torch.nn.init.", "`torch.nn.init`"),
    ("torch.nn.utils.rnn.", "`torch.nn.utils.rnn`"),
    ("torch.linalg.", "`torch.linalg`"),
    ("torch.special.", "`torch.special`"),
    ("torch.Tensor.", "Methods of `torch.Tensor`"),
    ("torch.nn.Module.", "Methods of `nn.Module`, beside attributes, `forward` and `__call__`"),
    ("torch.", "`torch`"),
];

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_by_key(|name| (name.to_lowercase(), name.to_owned()));
    names.dedup();
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ")
}

fn page() -> String {
    let mut text = String::from(
        "# What is supported\n\nMade from the code's own tables by `TORCHTAB_WRITE=1 cargo test -p torchtab --test suite supported`; the tests hold it to them.\n\n",
    );
    let mut section = |title: &str, body: String| {
        let _ = write!(text, "## {title}\n\n{body}\n\n");
    };
    section(
        "Files",
        "zip (torch 1.6 and later, any root folder, zip64, stored and deflated), the legacy format, tar (before 0.1.10), safetensors, plain pickles of \
         protocols 0 to 5, TorchScript archives (torch 1.3 and later), and torch.export's (.pt2, schema 1 to 8). Written: zip, legacy where the file is legacy, \
         safetensors, trained weights in their archive of TorchScript or torch.export. Quantised and sparse tensors are listed, and named as \
         not loadable."
            .to_owned(),
    );
    section("Classes of torch.nn", list(modules::names()));
    let refused: Vec<&str> = REFUSED.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let mut left: Vec<&str> = function::names().collect();
    for (home, title) in HOMES {
        let (mine, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(|name| name.starts_with(home));
        left = rest;
        let short = mine.iter().map(|name| name.strip_prefix(home).unwrap_or(name));
        let own = short.filter(|name| !name.contains('.') && !refused.contains(name));
        // Operators are written as such.
        section(title, list(own.filter(|name| !name.starts_with("__"))));
    }
    assert!(left.is_empty(), "functions without a home: {left:?}");
    let composed = list(torchtab::python::package::composed_names());
    section("Functions of torch that are written in terms of these, and methods where torch has them", composed);
    section(
        "Operators of torch.ops.aten, beside these functions under their names and their forms that write in place",
        list(torchtab::python::aten::names()),
    );
    let reasons = REFUSED.iter().map(|(why, names)| format!("- {why}: {}", list(names.iter().copied())));
    section("Known and refused by name, with the line", reasons.collect::<Vec<_>>().join("\n"));
    section("Optimizers of torch.optim", list(optimizer::class::names()));
    section("Schedulers of torch.optim.lr_scheduler", list(scheduler::class::names()));
    let families = FAMILIES.iter().map(|family| {
        let source = ZOO.iter().find(|module| module.name == family.module);
        let exports = source.map_or(&[][..], |module| module.exports);
        let variants = exports
            .iter()
            .copied()
            .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()) && *name != "recognise");
        format!("- {}", list(family.names.iter().copied().chain(variants)))
    });
    let families: Vec<_> = families.filter(|line| line.len() > 2).collect();
    section("Networks known by name, and recognised from a bare state_dict", families.join("\n"));
    let packages = PACKAGES.iter().filter_map(|package| {
        let names = package.text.lines().filter_map(|line| {
            let rest = line.strip_prefix("def ").or_else(|| line.strip_prefix("class "))?;
            rest.split(['(', ':']).next().filter(|name| !name.starts_with('_'))
        });
        Some(format!("- `{}`: {}", package.aliases.first()?, list(names)))
    });
    section("Packages that may be imported, and their names", packages.collect::<Vec<_>>().join("\n"));
    text.trim_end().to_owned() + "\n"
}

#[test]
fn the_page_of_what_is_supported_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/supported.md");
    let page = page();
    for name in REFUSED.iter().flat_map(|(_, names)| names.iter()) {
        assert!(function::names().any(|known| known.ends_with(&format!(".{name}"))), "{name} is not even known");
    }
    if std::env::var_os("TORCHTAB_WRITE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/supported.md is not what the tables say: see the command at the top of tests/suite/supported.rs"
    );
}
