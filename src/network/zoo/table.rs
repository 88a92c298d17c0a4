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
    SourceModule {
        name: "zoo.torchvision.alexnet",
        aliases: &["torchvision.models.alexnet"],
        exports: &["alexnet", "AlexNet"],
        text: include_str!("torchvision/alexnet.py"),
    },
    SourceModule {
        name: "zoo.torchvision.squeezenet",
        aliases: &["torchvision.models.squeezenet"],
        exports: &["squeezenet1_0", "squeezenet1_1", "SqueezeNet"],
        text: include_str!("torchvision/squeezenet.py"),
    },
    SourceModule {
        name: "zoo.torchvision.densenet",
        aliases: &["torchvision.models.densenet"],
        exports: &["densenet121", "densenet161", "densenet169", "densenet201", "DenseNet"],
        text: include_str!("torchvision/densenet.py"),
    },
    SourceModule {
        name: "zoo.torchvision.shufflenetv2",
        aliases: &["torchvision.models.shufflenetv2"],
        exports: &[
            "shufflenet_v2_x0_5",
            "shufflenet_v2_x1_0",
            "shufflenet_v2_x1_5",
            "shufflenet_v2_x2_0",
            "ShuffleNetV2",
        ],
        text: include_str!("torchvision/shufflenetv2.py"),
    },
    SourceModule {
        name: "zoo.torchvision.googlenet",
        aliases: &["torchvision.models.googlenet"],
        exports: &["googlenet", "GoogLeNet"],
        text: include_str!("torchvision/googlenet.py"),
    },
    SourceModule {
        name: "zoo.torchvision.mobilenetv3",
        aliases: &["torchvision.models.mobilenetv3"],
        exports: &["mobilenet_v3_large", "mobilenet_v3_small", "MobileNetV3"],
        text: include_str!("torchvision/mobilenetv3.py"),
    },
    SourceModule {
        name: "zoo.torchvision.efficientnet",
        aliases: &["torchvision.models.efficientnet"],
        exports: &[
            "efficientnet_b0",
            "efficientnet_b1",
            "efficientnet_b2",
            "efficientnet_b3",
            "efficientnet_b4",
            "efficientnet_b5",
            "efficientnet_b6",
            "efficientnet_b7",
            "efficientnet_v2_s",
            "efficientnet_v2_m",
            "efficientnet_v2_l",
            "EfficientNet",
        ],
        text: include_str!("torchvision/efficientnet.py"),
    },
    SourceModule {
        name: "zoo.torchvision.convnext",
        aliases: &["torchvision.models.convnext"],
        exports: &["convnext_tiny", "convnext_small", "convnext_base", "convnext_large", "ConvNeXt"],
        text: include_str!("torchvision/convnext.py"),
    },
    SourceModule {
        name: "zoo.torchvision.vision_transformer",
        aliases: &["torchvision.models.vision_transformer"],
        exports: &["vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32", "vit_h_14", "VisionTransformer"],
        text: include_str!("torchvision/vision_transformer.py"),
    },
    SourceModule {
        name: "zoo.torchvision.swin_transformer",
        aliases: &["torchvision.models.swin_transformer"],
        exports: &["swin_t", "swin_s", "swin_b", "SwinTransformer"],
        text: include_str!("torchvision/swin_transformer.py"),
    },
    SourceModule {
        name: "zoo.transformers.ops",
        aliases: &["transformers.pytorch_utils", "transformers.activations", "transformers.modeling_utils"],
        exports: &[],
        text: include_str!("transformers/ops.py"),
    },
    SourceModule {
        name: "zoo.transformers.bert",
        aliases: &["transformers.models.bert.modeling_bert", "transformers.modeling_bert"],
        exports: &[
            "BertModel",
            "BertConfig",
            "BertForMaskedLM",
            "BertForPreTraining",
            "BertForSequenceClassification",
            "BertForTokenClassification",
            "BertForQuestionAnswering",
        ],
        text: include_str!("transformers/bert.py"),
    },
    SourceModule {
        name: "zoo.transformers.distilbert",
        aliases: &["transformers.models.distilbert.modeling_distilbert", "transformers.modeling_distilbert"],
        exports: &[
            "DistilBertModel",
            "DistilBertConfig",
            "DistilBertForMaskedLM",
            "DistilBertForSequenceClassification",
            "DistilBertForTokenClassification",
            "DistilBertForQuestionAnswering",
        ],
        text: include_str!("transformers/distilbert.py"),
    },
    SourceModule {
        name: "zoo.transformers.gpt2",
        aliases: &["transformers.models.gpt2.modeling_gpt2", "transformers.modeling_gpt2"],
        exports: &["GPT2Model", "GPT2Config", "GPT2LMHeadModel"],
        text: include_str!("transformers/gpt2.py"),
    },
    SourceModule { name: "zoo.common.unet", aliases: &[], exports: &["UNet"], text: include_str!("common/unet.py") },
    SourceModule {
        name: "zoo.common.dcgan",
        aliases: &[],
        exports: &["Generator", "Discriminator"],
        text: include_str!("common/dcgan.py"),
    },
    SourceModule {
        name: "zoo.common.lenet",
        aliases: &[],
        exports: &["LeNet", "PooledLeNet", "MnistNet"],
        text: include_str!("common/lenet.py"),
    },
    SourceModule {
        name: "zoo.common.nanogpt",
        aliases: &[],
        exports: &["GPT", "GPTConfig"],
        text: include_str!("common/nanogpt.py"),
    },
    SourceModule {
        name: "zoo.common.resnet_cifar",
        aliases: &[],
        exports: &[],
        text: include_str!("common/resnet_cifar.py"),
    },
    SourceModule {
        name: "zoo.torchvision.inception",
        aliases: &["torchvision.models.inception"],
        exports: &["inception_v3", "Inception3"],
        text: include_str!("torchvision/inception.py"),
    },
];
