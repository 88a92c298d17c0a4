//! Packages that networks import beside torch and the zoo's originals: Python source of our own, evaluated when a name of it is asked for.
//!
//! einops is whole; of Lightning, the Hub and torchmetrics only what a network's class needs of them.

use super::zoo::library::ZOO;
use crate::python::package::SourceModule;
use std::sync::OnceLock;

/// Every package, by the names that imports and pickles give it.
pub const PACKAGES: &[SourceModule] = &[
    SourceModule {
        name: "packages.einops",
        aliases: &["einops", "einops.einops", "einops.packing"],
        exports: &[],
        text: include_str!("einops.py"),
    },
    SourceModule {
        name: "packages.einops_layers",
        aliases: &["einops.layers.torch"],
        exports: &[],
        text: include_str!("einops_layers.py"),
    },
    SourceModule {
        name: "packages.lightning",
        aliases: &[
            "pytorch_lightning",
            "pytorch_lightning.core",
            "pytorch_lightning.core.lightning",
            "pytorch_lightning.core.module",
            "pytorch_lightning.core.datamodule",
            "pytorch_lightning.callbacks",
            "pytorch_lightning.utilities.parsing",
            "lightning",
            "lightning.pytorch",
            "lightning.pytorch.core",
            "lightning.pytorch.core.module",
            "lightning.pytorch.callbacks",
            "lightning.pytorch.utilities.parsing",
            "lightning.fabric.utilities.data",
            "lightning_fabric.utilities.data",
        ],
        exports: &[],
        text: include_str!("lightning.py"),
    },
    SourceModule {
        name: "packages.torchmetrics",
        aliases: &["torchmetrics", "torchmetrics.classification", "torchmetrics.regression", "torchmetrics.functional"],
        exports: &[],
        text: include_str!("torchmetrics.py"),
    },
    SourceModule {
        name: "packages.huggingface_hub",
        aliases: &["huggingface_hub", "huggingface_hub.hub_mixin"],
        exports: &[],
        text: include_str!("huggingface_hub.py"),
    },
    SourceModule {
        name: "packages.tqdm",
        aliases: &["tqdm", "tqdm.auto", "tqdm.notebook"],
        exports: &[],
        text: include_str!("tqdm.py"),
    },
];

/// Everything that may be imported: the zoo and the packages.
pub fn library() -> &'static [SourceModule] {
    static LIBRARY: OnceLock<Vec<SourceModule>> = OnceLock::new();
    LIBRARY.get_or_init(|| [ZOO, PACKAGES].concat())
}

/// Whether some module here has a class that pickles name so: `torchvision.models.resnet.BasicBlock`.
pub fn provides(class: &str) -> bool {
    let Some((module, name)) = class.rsplit_once('.') else { return false };
    let source = library().iter().find(|source| source.aliases.contains(&module));
    let defines = |text: &str| {
        text.contains(&format!("\nclass {name}(")) || text.contains(&format!("\n{name} = ")) || {
            // the blocks of torchvision.ops were once defined in the files of the models
            text.lines().any(|line| line.starts_with("from zoo.") && line.split([' ', ',']).any(|word| word == name))
        }
    };
    source.is_some_and(|source| defines(source.text))
}
