//! The families of the zoo: the names by which one may ask for them, and the keys that tell one at a glance.

use super::library::ZOO;
use crate::network::state::Offered;
use crate::python::package::SourceModule;

/// A family of architectures.
#[derive(Debug)]
pub struct Family {
    /// its module in [`ZOO`]
    pub module: &'static str,
    /// each is the end of some key in every state_dict of the family
    pub keys: &'static [&'static str],
    /// names by which one may ask for it
    pub names: &'static [&'static str],
    /// keys and shapes are too common to tell it: `_metadata` must name exactly its modules
    pub by_modules: bool,
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
        ZOO.iter().find(|module| module.name == self.module)
    }
}

/// The families, in the order in which they are tried.
pub const FAMILIES: &[Family] = &[
    Family {
        module: "zoo.torchvision.resnet",
        keys: &["layer4.0.conv1.weight", "fc.weight"],
        names: &["resnet", "resnext", "wide_resnet"],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.mobilenetv2",
        keys: &["features.1.conv.0.0.weight", "classifier.1.weight"],
        names: &["mobilenet"],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.vgg",
        keys: &["features.0.weight", "classifier.6.weight"],
        names: &["vgg"],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.alexnet",
        keys: &["features.10.weight", "classifier.6.weight"],
        names: &[],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.squeezenet",
        keys: &["expand3x3.weight", "classifier.1.weight"],
        names: &["squeezenet"],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.densenet",
        keys: &["denseblock1.denselayer1.conv1.weight"],
        names: &["densenet"],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.shufflenetv2",
        keys: &["stage2.0.branch2.0.weight", "conv5.0.weight"],
        names: &["shufflenet_v2"],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.googlenet",
        keys: &["inception5b.branch4.1.conv.weight"],
        names: &[],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.mobilenetv3",
        keys: &["features.1.block.0.0.weight", "classifier.3.weight"],
        names: &["mobilenet_v3"],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.efficientnet",
        keys: &["features.1.0.block.0.0.weight", "classifier.1.weight"],
        names: &["efficientnet"],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.convnext",
        keys: &["features.1.0.layer_scale"],
        names: &["convnext"],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.vision_transformer",
        keys: &["encoder.pos_embedding", "heads.head.weight"],
        names: &["vit"],
        by_modules: false,
    },
    Family {
        module: "zoo.timm.vision_transformer",
        keys: &["patch_embed.proj.weight", "blocks.0.attn.qkv.weight", "head.weight"],
        names: &["timm_vit", "deit"],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.swin_transformer",
        keys: &["attn.relative_position_bias_table", "head.weight"],
        names: &["swin"],
        by_modules: false,
    },
    Family {
        module: "zoo.transformers.bert",
        keys: &["attention.self.query.weight", "embeddings.word_embeddings.weight"],
        names: &[
            "bert",
            "minilm",
            "bert-base-uncased",
            "bert-base-cased",
            "bert-large-uncased",
            "bert-large-cased",
            "bert-base-multilingual-cased",
            "all-MiniLM-L6-v2",
        ],
        by_modules: false,
    },
    Family {
        module: "zoo.transformers.roberta",
        keys: &["attention.self.query.weight", "embeddings.word_embeddings.weight"],
        names: &[
            "roberta",
            "roberta-base",
            "roberta-large",
            "distilroberta-base",
            "xlm-roberta-base",
            "camembert-base",
        ],
        by_modules: false,
    },
    Family {
        module: "zoo.transformers.electra",
        keys: &["electra.embeddings.word_embeddings.weight"],
        names: &["electra"],
        by_modules: false,
    },
    Family {
        module: "zoo.transformers.llama",
        keys: &["self_attn.q_proj.weight", "mlp.gate_proj.weight"],
        names: &["llama", "tinyllama", "smollm"],
        by_modules: false,
    },
    Family {
        module: "zoo.transformers.distilbert",
        keys: &["attention.q_lin.weight", "embeddings.word_embeddings.weight"],
        names: &["distilbert", "distilbert-base-uncased", "distilbert-base-cased"],
        by_modules: false,
    },
    Family {
        module: "zoo.transformers.gpt2",
        keys: &["attn.c_attn.weight", "wte.weight"],
        names: &["gpt2", "distilgpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"],
        by_modules: false,
    },
    Family {
        module: "zoo.common.unet",
        keys: &["down4.maxpool_conv.1.double_conv.0.weight"],
        names: &["unet"],
        by_modules: false,
    },
    Family { module: "zoo.common.dcgan", keys: &["main.0.weight"], names: &["dcgan"], by_modules: false },
    Family {
        module: "zoo.common.lenet",
        keys: &["conv1.weight", "conv2.weight", "fc2.weight"],
        names: &["lenet"],
        by_modules: true,
    },
    Family {
        module: "zoo.common.nanogpt",
        keys: &["attn.c_attn.weight", "wte.weight"],
        names: &["nanogpt"],
        by_modules: false,
    },
    Family {
        module: "zoo.common.resnet_cifar",
        keys: &["layer4.0.conv1.weight", "linear.weight"],
        names: &["resnet_cifar"],
        by_modules: false,
    },
    Family {
        module: "zoo.torchvision.inception",
        keys: &["Mixed_7c.branch3x3dbl_3b.conv.weight"],
        names: &["inception"],
        by_modules: false,
    },
];
