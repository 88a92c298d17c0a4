//! What is in the zoo: the sources, the names by which pickles and imports call them, and the keys that tell a family at a glance.

use crate::network::state::Offered;
use crate::python::package::SourceModule;

/// A family of architectures.
#[derive(Debug)]
pub struct Family {
    /// its module in [`LIBRARY`]
    pub module: &'static str,
    /// each is the end of some key in every state_dict of the family
    pub keys: &'static [&'static str],
    /// names by which one may ask for it
    pub names: &'static [&'static str],
}

impl Family {
    /// Whether the keys do not rule it out.
    pub fn may_be(&self, offered: &[Offered]) -> bool {
        self.keys.iter().all(|key| offered.iter().any(|o| o.key.ends_with(key)))
    }

    /// Whether one may ask for it by this name.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(&name) || self.module_has(name)
    }

    /// Whether its source defines the name as something to call.
    pub fn module_has(&self, name: &str) -> bool {
        self.source().is_some_and(|module| module.exports.contains(&name))
    }

    /// Its source.
    pub fn text(&self) -> &'static str {
        self.source().map_or("", |module| module.text)
    }

    fn source(&self) -> Option<&'static SourceModule> {
        LIBRARY.iter().find(|module| module.name == self.module)
    }
}

/// Whether the zoo has a class that pickles name so: `torchvision.models.resnet.BasicBlock`.
pub fn provides(class: &str) -> bool {
    let Some((module, name)) = class.rsplit_once('.') else { return false };
    let source = LIBRARY.iter().find(|source| source.aliases.contains(&module));
    let defines = |text: &str| {
        text.contains(&format!("\nclass {name}(")) || text.contains(&format!("\n{name} = ")) || {
            // the blocks of torchvision.ops were once defined in the files of the models
            text.lines().any(|line| line.starts_with("from zoo.") && line.split([' ', ',']).any(|word| word == name))
        }
    };
    source.is_some_and(|source| defines(source.text))
}

/// The families, in the order in which they are tried.
pub const FAMILIES: &[Family] = &[
    Family {
        module: "zoo.torchvision.resnet",
        keys: &["layer4.0.conv1.weight", "fc.weight"],
        names: &["resnet", "resnext", "wide_resnet"],
    },
    Family {
        module: "zoo.torchvision.mobilenetv2",
        keys: &["features.1.conv.0.0.weight", "classifier.1.weight"],
        names: &["mobilenet"],
    },
    Family { module: "zoo.torchvision.vgg", keys: &["features.0.weight", "classifier.6.weight"], names: &["vgg"] },
];

/// Everything that may be imported. The names in `aliases` are those of the packages that people use, in all their versions.
pub const LIBRARY: &[SourceModule] = &[
    SourceModule { name: "zoo.shapes", aliases: &[], exports: &[], text: include_str!("shapes.py") },
    SourceModule {
        name: "zoo.torchvision.ops",
        aliases: &["torchvision.ops.misc", "torchvision.ops.stochastic_depth", "torchvision.models._utils"],
        exports: &[
            "Conv2dNormActivation",
            "ConvNormActivation",
            "MLP",
            "Permute",
            "SqueezeExcitation",
            "StochasticDepth",
        ],
        text: include_str!("torchvision/ops.py"),
    },
    SourceModule {
        name: "zoo.torchvision.resnet",
        aliases: &["torchvision.models.resnet"],
        exports: &[
            "resnet18",
            "resnet34",
            "resnet50",
            "resnet101",
            "resnet152",
            "resnext50_32x4d",
            "resnext101_32x8d",
            "resnext101_64x4d",
            "wide_resnet50_2",
            "wide_resnet101_2",
            "ResNet",
        ],
        text: include_str!("torchvision/resnet.py"),
    },
    SourceModule {
        name: "zoo.torchvision.mobilenetv2",
        aliases: &["torchvision.models.mobilenetv2", "torchvision.models.mobilenet"],
        exports: &["mobilenet_v2", "MobileNetV2"],
        text: include_str!("torchvision/mobilenetv2.py"),
    },
    SourceModule {
        name: "zoo.torchvision.vgg",
        aliases: &["torchvision.models.vgg"],
        exports: &["vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn", "VGG"],
        text: include_str!("torchvision/vgg.py"),
    },
];
