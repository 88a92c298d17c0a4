"""Writes the zoo's cases with PyTorch 2.15: `python tests/cases/zoo/make.py [NAME…]`.

The networks are those of `src/network/zoo`, run by real PyTorch, with random weights and running statistics that are not the first ones. They are
small, so constructors of few blocks stand for the big variants; `tests/torch/full_size.py` makes those.
"""

import copy
import importlib.util
import json
import pathlib
import re
import sys
import types
from collections import OrderedDict

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2] / "src/network"))
sys.dont_write_bytecode = True
torch.set_num_threads(1)
SHOWN = 64


def zoo(module):
    return __import__(f"zoo.{module}", fromlist=["recognise"])


def users(path):
    """A user's source. What it imports of torchvision is the zoo's here, where torchvision is not installed."""

    class Absent(types.ModuleType):
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return lambda *args, **kwargs: None

    parts = {"models": Absent, "models.densenet": Absent, "models.mobilenetv3": Absent, "ops": Absent, "transforms": Absent, "datasets": Absent}
    package = sys.modules["torchvision"] = types.ModuleType("torchvision")
    package.__path__ = []
    for name, kind in parts.items():
        part = sys.modules[f"torchvision.{name}"] = kind(f"torchvision.{name}")
        part.__path__ = []
        setattr(sys.modules["torchvision." + name.rpartition(".")[0]] if "." in name else package, name.rpartition(".")[2], part)
    for home, names in {"mobilenetv3": ["mobilenet_v3_small"], "densenet": ["DenseNet"], "ops": ["Conv2dNormActivation"]}.items():
        for name in names:
            for target in ("models", f"models.{home}", "ops"):
                if f"torchvision.{target}" in sys.modules:
                    setattr(sys.modules[f"torchvision.{target}"], name, getattr(zoo(VISION + home), name))
    spec = importlib.util.spec_from_file_location("model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    return module


def shake(model, inputs, generator):
    """Parameters and statistics as training would leave them: none at its first value, and what a layer gives still tells its inputs apart."""
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if name.endswith("num_batches_tracked"):
                value.fill_(7)
            elif value.is_floating_point() and value.dim() < 2:
                value.add_(torch.randn(value.shape, generator=generator) * 0.1)
            elif value.is_floating_point() and value.abs().max() < 1e-3:
                value.normal_(0, 0.2, generator=generator)
            elif value.is_floating_point() and value.dim() == 2 and "embed" in name:
                value.normal_(0, 0.7, generator=generator)
        norms = [part for part in model.modules() if isinstance(part, nn.BatchNorm2d)]
        momenta = [part.momentum for part in norms]
        for part in norms:
            part.momentum = 1.0
        if norms:
            model.train()
            model(*[torch.cat([value, *(torch.randn(value.shape, generator=generator) for _ in range(7))]) for value in inputs])
        for part, momentum in zip(norms, momenta):
            part.momentum = momentum
            part.running_mean += 0.1 * torch.randn(part.running_mean.shape, generator=generator) * part.running_var.sqrt()
            part.running_var *= torch.empty(part.running_var.shape).uniform_(0.7, 1.4, generator=generator)
    return model.eval()


def floats(t):
    return [float(f"{x:.9g}") for x in t.double().flatten().tolist()]


def leaf(path, t):
    """All of a small tensor; of a large one some positions, and what the rest comes to."""
    t = t.detach().contiguous()
    want = {"path": path, "dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape)}
    if t.numel() <= SHOWN:
        return {**want, "data": floats(t)}
    index = torch.linspace(0, t.numel() - 1, SHOWN).long().unique()
    flat = t.flatten().double()
    rest = {"mean": flat.mean(), "min": flat.min(), "max": flat.max(), "std": flat.std()}
    return {**want, "index": index.tolist(), "data": floats(flat[index]), **{k: float(v) for k, v in rest.items()}}


def leaves(result, path=()):
    if result is None:
        return [{"path": list(path), "value": None}]
    if isinstance(result, torch.Tensor):
        return [leaf(list(path), result)]
    items = result.items() if isinstance(result, dict) else enumerate(result)
    return [one for key, value in items for one in leaves(value, (*path, key))]


def tensor(name, t):
    data = t.flatten().tolist() if t.dtype == torch.int64 else floats(t)
    data = [int(x) if x == int(x) else x for x in data]
    return {"name": name, "dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "data": data}


def image(*shape):
    return lambda g: torch.randint(-8, 9, shape, generator=g).float().div(4)


def tokens(high, *shape):
    return lambda g: torch.randint(1, high, shape, generator=g)


def noise(*shape):
    return lambda g: torch.randn(*shape, generator=g).mul(1e4).round().div(1e4)


def lengths(longest, *each):
    return lambda g: torch.tensor([[1] * n + [0] * (longest - n) for n in each])


def rounded(model):
    """float16 halves the file; the network computes with the rounded weights in float32."""
    state = OrderedDict((k, v.half() if v.is_floating_point() else v) for k, v in model.state_dict().items())
    state._metadata = model.state_dict()._metadata
    model.load_state_dict(state)
    return state


def pickled_as(model, module):
    """Gives the zoo's classes the names that other people's pickles have: `torchvision.models.resnet.ResNet`, `__main__.ResNet`."""
    for cls in {type(part) for part in model.modules()}:
        home = ORIGIN.setdefault(cls, cls.__module__)
        if home.startswith("zoo."):
            cls.__module__ = module if module == "__main__" else SHARED.get(home, module)
            parts = cls.__module__.split(".")
            for end in range(1, len(parts) + 1):
                package = ".".join(parts[:end])
                sys.modules.setdefault(package, types.ModuleType(package)).__path__ = []
            setattr(sys.modules[cls.__module__], cls.__name__, cls)


ORIGIN = {}
SHARED = {"zoo.torchvision.ops": "torchvision.ops.misc", "zoo.timm.layers": "timm.layers.mlp", "zoo.transformers.ops": "transformers.pytorch_utils"}


def write(folder, case):
    """The checkpoints and `case.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    seed = sum(folder.name.encode())
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    module = zoo(case["module"]) if "module" in case else users(folder / "model.py")
    named = {name: made(generator) for name, made in case["inputs"].items()}
    model = shake(eval(case["make"], {**vars(module), **{name: getattr(zoo("shapes"), name) for name in ("with_input", "with_module")}}), list(named.values()), generator)
    state = model.state_dict()
    if case.get("half"):
        state = rounded(model)
    if not case.get("metadata", True):
        state = dict(state)
    files = []
    for kind in case.get("files", ["state_dict"]):
        how = {"file": f"{kind}.pth", "format": "zip", "content": kind, "state_key": None, "key_prefix": None}
        if kind == "state_dict":
            torch.save(state, folder / how["file"])
        elif kind == "parallel":
            how["content"], how["key_prefix"] = "state_dict", "module."
            torch.save(nn.DataParallel(model).state_dict(), folder / how["file"])
        elif kind == "tensorflow":
            # as the first BERTs were converted
            names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
            how["content"] = "state_dict"
            torch.save({re.sub(r"LayerNorm\.\w+", lambda m: names[m[0]], k): v for k, v in state.items()}, folder / how["file"])
        elif kind == "compiled":
            # as nanoGPT's training script saves it
            how |= {"content": "checkpoint", "state_key": "model", "key_prefix": "_orig_mod."}
            compiled = OrderedDict((f"_orig_mod.{k}", v) for k, v in state.items())
            torch.save({"model": compiled, "iter_num": 5, "best_val_loss": torch.tensor(2.5)}, folder / how["file"])
        elif kind == "safetensors":
            from safetensors.torch import save_file

            how |= {"file": "model.safetensors", "format": "safetensors", "content": "state_dict", "recognised": {"confidence": "likely"}}
            seen = set()
            once = {k: v for k, v in state.items() if not (v.data_ptr() in seen or seen.add(v.data_ptr()))}
            save_file({k: v.contiguous() for k, v in once.items()}, folder / how["file"])
        else:
            how["content"] = "module"
            if kind == "main":
                pickled_as(model, "__main__")
                how["recognised"] = {"name": case["recognised"][0], "confidence": "likely"}
            else:
                pickled_as(model, case["pickled"])
                how["recognised"] = {"name": f"{case['pickled']}.{type(model).__name__}", "confidence": "certain"}
            torch.save(nn.DataParallel(model) if kind == "wrapped" else model, folder / how["file"])
        files.append(how)
    outputs, atol = expected(model, list(named.values()))
    first, *variants = files
    recognised = dict(zip(("name", "construct", "confidence"), case.get("recognised", ())))
    description = {
        "name": folder.name,
        "source": None if "module" in case else "model.py",
        "construct": None if "module" in case else case["make"],
        **({"zoo": case["zoo"]} if "zoo" in case else {}),
        **first,
        **({"recognised": recognised} if recognised and "recognised" not in first else {}),
        "variants": variants,
        "inputs": [tensor(name, value) for name, value in named.items()],
        "call": list(named),
        "outputs": outputs,
        "atol": atol,
        "rtol": 1e-4,
        **({"expect": "recognise"} if "module" in case else {}),
    }
    (folder / "case.json").write_text(json.dumps(description, indent=None).replace('"outputs"', '\n"outputs"').replace('"inputs"', '\n"inputs"') + "\n")


def expected(model, inputs):
    """The leaves of forward's result, and an absolute tolerance: some times what torch's own float32 is off from float64 here."""
    doubles = [value.double() if value.is_floating_point() else value for value in inputs]
    with torch.no_grad():
        outputs = leaves(model(*[value.clone() for value in inputs]))
        exact = leaves(copy.deepcopy(model).double()(*doubles))
    gap = max(abs(a - b) for one, two in zip(outputs, exact) for a, b in zip(one.get("data", []), two.get("data", [])))
    return outputs, float(f"{max(2e-6, 4 * gap):.1e}")


VISION = "torchvision."
LANGUAGE = "transformers."
MODELS = "torchvision.models."

# name: module of the zoo, expression that makes the network, inputs, kinds of files, what it is recognised as
CASES = {
    "resnet_narrow": dict(
        module=VISION + "resnet",
        make="ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10, planes=(8, 12, 16, 24))",
        inputs={"x": image(2, 3, 64, 64)},
        files=["state_dict", "module", "main"],
        pickled=MODELS + "resnet",
        recognised=("resnet", "ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10, planes=(8, 12, 16, 24))", "likely"),
    ),
    "resnext_grey": dict(
        module=VISION + "resnet",
        make="with_input(ResNet(Bottleneck, [1, 2, 1, 1], num_classes=10, groups=2, width_per_group=32, planes=(4, 6, 8, 10), stem=(3, 1, 1)), 1)",
        inputs={"x": image(2, 1, 24, 24)},
        half=True,
        recognised=(
            "resnet",
            "with_input(ResNet(Bottleneck, [1, 2, 1, 1], num_classes=10, groups=2, width_per_group=32, planes=(4, 6, 8, 10), stem=(3, 1, 1)), 1)",
            "likely",
        ),
    ),
    "vgg_narrow": dict(
        module=VISION + "vgg",
        make="VGG(make_layers([6, 'M', 8, 8, 'M'], batch_norm=True), num_classes=10, channels=8, side=2, hidden=20)",
        inputs={"x": image(2, 3, 32, 32)},
        files=["state_dict", "module"],
        pickled=MODELS + "vgg",
        recognised=("vgg", "VGG(make_layers([6, 'M', 8, 8, 'M'], batch_norm=True), num_classes=10, channels=8, side=2, hidden=20)", "likely"),
    ),
    "mobilenet_v2": dict(
        module=VISION + "mobilenetv2",
        make="mobilenet_v2(num_classes=10, width_mult=0.1)",
        inputs={"x": image(2, 3, 32, 32)},
        half=True,
        recognised=("mobilenet_v2", "mobilenet_v2(num_classes=10, width_mult=0.1)", "certain"),
    ),
    "mobilenet_v2_setting": dict(
        module=VISION + "mobilenetv2",
        make="MobileNetV2(num_classes=10, inverted_residual_setting=[[1, 8, 1, 1], [6, 16, 1, 2], [6, 16, 1, 1]])",
        inputs={"x": image(2, 3, 32, 32)},
        files=["state_dict", "module"],
        pickled=MODELS + "mobilenetv2",
        recognised=(
            "mobilenet_v2",
            "MobileNetV2(num_classes=10, inverted_residual_setting=[[1, 8, 1, 1], [6, 16, 1, 2], [6, 16, 1, 1]])",
            "likely",
        ),
    ),
    "mobilenet_v3": dict(
        module=VISION + "mobilenetv3",
        make="mobilenet_v3_small(num_classes=10, width_mult=0.1)",
        inputs={"x": image(2, 3, 32, 32)},
        half=True,
        files=["state_dict", "module"],
        pickled=MODELS + "mobilenetv3",
        recognised=("mobilenet_v3_small", "mobilenet_v3_small(num_classes=10, width_mult=0.1)", "certain"),
    ),
    "densenet": dict(
        module=VISION + "densenet",
        make="DenseNet(growth_rate=6, block_config=(2, 3, 2), num_init_features=8, num_classes=10)",
        inputs={"x": image(2, 3, 64, 64)},
        files=["state_dict", "parallel", "module", "wrapped", "main", "safetensors"],
        pickled=MODELS + "densenet",
        recognised=("densenet", "DenseNet(num_classes=10, growth_rate=6, block_config=(2, 3, 2), num_init_features=8)", "certain"),
    ),
    "shufflenet_v2": dict(
        module=VISION + "shufflenetv2",
        make="ShuffleNetV2([2, 3, 1], [8, 12, 16, 24, 32], num_classes=10)",
        inputs={"x": image(2, 3, 32, 32)},
        files=["state_dict", "module"],
        pickled=MODELS + "shufflenetv2",
        recognised=("shufflenet_v2", "ShuffleNetV2([2, 3, 1], [8, 12, 16, 24, 32], num_classes=10)", "certain"),
    ),
    "efficientnet": dict(
        module=VISION + "efficientnet",
        make="EfficientNet([FusedMBConvConfig(1, 3, 1, 8, 8, 1), FusedMBConvConfig(2, 3, 2, 8, 16, 2), MBConvConfig(4, 5, 2, 16, 24, 2)], "
        "0.2, num_classes=10, last_channel=40)",
        inputs={"x": image(2, 3, 32, 32)},
        files=["state_dict", "module"],
        pickled=MODELS + "efficientnet",
        recognised=(
            "efficientnet",
            "EfficientNet([FusedMBConvConfig(1, 3, 1, 8, 8, 1), FusedMBConvConfig(2, 3, 2, 8, 16, 2), MBConvConfig(4, 5, 2, 16, 24, 2)], "
            "0.2, num_classes=10, last_channel=40)",
            "likely",
        ),
    ),
    "convnext": dict(
        module=VISION + "convnext",
        make="ConvNeXt([CNBlockConfig(8, 16, 2), CNBlockConfig(16, None, 1)], num_classes=10)",
        inputs={"x": image(2, 3, 32, 32)},
        files=["state_dict", "module"],
        pickled=MODELS + "convnext",
        recognised=("convnext", "ConvNeXt([CNBlockConfig(8, 16, 2), CNBlockConfig(16, None, 1)], num_classes=10)", "certain"),
    ),
    "timm_vit": dict(
        module="timm.vision_transformer",
        make="VisionTransformer(img_size=16, patch_size=4, num_classes=5, embed_dim=64, depth=1, num_heads=1, mlp_ratio=0.5)",
        inputs={"x": image(2, 3, 16, 16)},
        files=["state_dict", "module"],
        pickled="timm.models.vision_transformer",
        recognised=(
            "vit_patch4",
            "VisionTransformer(img_size=16, patch_size=4, num_classes=5, embed_dim=64, depth=1, num_heads=1, mlp_ratio=0.5)",
            "likely",
        ),
    ),
    "vit": dict(
        module=VISION + "vision_transformer",
        make="VisionTransformer(32, 8, 2, 1, 64, 48, num_classes=10)",
        inputs={"x": image(2, 3, 32, 32)},
        half=True,
        files=["state_dict", "module"],
        pickled=MODELS + "vision_transformer",
        recognised=(
            "vit",
            "VisionTransformer(image_size=32, patch_size=8, num_layers=2, num_heads=1, hidden_dim=64, mlp_dim=48, num_classes=10)",
            "likely",
        ),
    ),
    "swin": dict(
        module=VISION + "swin_transformer",
        make="SwinTransformer([2, 2], 16, [2, 2], [2, 4], [3, 3], num_classes=10)",
        inputs={"x": image(2, 3, 30, 26)},
        files=["state_dict", "module"],
        pickled=MODELS + "swin_transformer",
        recognised=("swin", "SwinTransformer([2, 2], 16, [2, 2], [2, 4], [3, 3], num_classes=10)", "certain"),
    ),
    "own_head": dict(
        module=VISION + "mobilenetv2",
        make="with_module(MobileNetV2(num_classes=3, inverted_residual_setting=[[1, 8, 1, 1], [6, 16, 1, 2]]), 'classifier', "
        "nn.Sequential(nn.Dropout(), nn.Linear(1280, 16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 3)))",
        inputs={"x": image(2, 3, 32, 32)},
        half=True,
        recognised=(
            "mobilenet_v2",
            "with_module(MobileNetV2(num_classes=3, inverted_residual_setting=[[1, 8, 1, 1], [6, 16, 1, 2]]), 'classifier', "
            "nn.Sequential(nn.Dropout(), nn.Linear(1280, 16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 3)))",
            "likely",
        ),
    ),
    "own_head_grey": dict(
        module=VISION + "densenet",
        make="with_input(with_module(DenseNet(num_classes=3, growth_rate=4, block_config=(2, 2), num_init_features=6), 'classifier', "
        "nn.Sequential(nn.Linear(15, 8), nn.ReLU(), nn.Linear(8, 3))), 1)",
        inputs={"x": image(2, 1, 32, 32)},
        recognised=(
            "densenet",
            "with_input(with_module(DenseNet(num_classes=3, growth_rate=4, block_config=(2, 2), num_init_features=6), 'classifier', "
            "nn.Sequential(nn.Linear(15, 8), nn.ReLU(), nn.Linear(8, 3))), 1)",
            "likely",
        ),
    ),
    "bert": dict(
        module=LANGUAGE + "bert",
        make="BertForSequenceClassification(BertConfig(vocab_size=40, hidden_size=64, num_hidden_layers=2, num_attention_heads=1, "
        "intermediate_size=48, max_position_embeddings=16, num_labels=3))",
        inputs={"input_ids": tokens(40, 3, 9), "attention_mask": lengths(9, 9, 4, 6)},
        half=True,
        files=["state_dict", "safetensors", "module"],
        pickled="transformers.models.bert.modeling_bert",
        recognised=(
            "bert",
            "BertForSequenceClassification(BertConfig(vocab_size=40, hidden_size=64, num_hidden_layers=2, num_attention_heads=1, "
            "intermediate_size=48, max_position_embeddings=16, type_vocab_size=2, num_labels=3))",
            "likely",
        ),
    ),
    "bert_old": dict(
        module=LANGUAGE + "bert",
        make="BertModel(BertConfig(vocab_size=30, hidden_size=32, num_hidden_layers=2, num_attention_heads=1, intermediate_size=24, "
        "max_position_embeddings=12, position_ids_saved=True))",
        inputs={"input_ids": tokens(30, 2, 7)},
        files=["state_dict", "tensorflow"],
        half=True,
        recognised=(
            "bert",
            "BertModel(BertConfig(vocab_size=30, hidden_size=32, num_hidden_layers=2, num_attention_heads=1, intermediate_size=24, "
            "max_position_embeddings=12, type_vocab_size=2, position_ids_saved=True))",
            "likely",
        ),
    ),
    "roberta": dict(
        module=LANGUAGE + "roberta",
        make="RobertaForSequenceClassification(RobertaConfig(vocab_size=60, hidden_size=48, num_hidden_layers=2, num_attention_heads=1, intermediate_size=20, "
        "max_position_embeddings=20, type_vocab_size=1, layer_norm_eps=1e-5, num_labels=3))",
        inputs={"input_ids": tokens(60, 2, 9), "attention_mask": lengths(9, 9, 6)},
        files=["state_dict", "module"],
        pickled="transformers.models.roberta.modeling_roberta",
        recognised=(
            "roberta",
            "RobertaForSequenceClassification(RobertaConfig(vocab_size=60, hidden_size=48, num_hidden_layers=2, num_attention_heads=1, intermediate_size=20, "
            "max_position_embeddings=20, type_vocab_size=1, layer_norm_eps=1e-05, num_labels=3))",
            "likely",
        ),
    ),
    "electra": dict(
        module=LANGUAGE + "electra",
        make="ElectraForPreTraining(ElectraConfig(vocab_size=60, embedding_size=8, hidden_size=48, num_hidden_layers=2, num_attention_heads=1, "
        "intermediate_size=20, max_position_embeddings=20))",
        inputs={"input_ids": tokens(60, 2, 9)},
        half=True,
        recognised=(
            "electra",
            "ElectraForPreTraining(ElectraConfig(vocab_size=60, embedding_size=8, hidden_size=48, num_hidden_layers=2, num_attention_heads=1, "
            "intermediate_size=20, max_position_embeddings=20, type_vocab_size=2))",
            "likely",
        ),
    ),
    "llama": dict(
        module=LANGUAGE + "llama",
        make="LlamaForCausalLM(LlamaConfig(vocab_size=60, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2, "
        "num_key_value_heads=1, rms_norm_eps=1e-5))",
        inputs={"input_ids": tokens(60, 2, 9)},
        files=["state_dict", "safetensors"],
        recognised=(
            "llama",
            "LlamaForCausalLM(LlamaConfig(vocab_size=60, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2, "
            "num_key_value_heads=1, rms_norm_eps=1e-05))",
            "likely",
        ),
    ),
    "distilbert": dict(
        module=LANGUAGE + "distilbert",
        make="DistilBertForMaskedLM(DistilBertConfig(vocab_size=40, max_position_embeddings=16, n_layers=2, n_heads=1, dim=64, hidden_dim=48))",
        inputs={"input_ids": tokens(40, 2, 9), "attention_mask": lengths(9, 9, 5)},
        half=True,
        files=["state_dict", "safetensors", "module"],
        pickled="transformers.models.distilbert.modeling_distilbert",
        recognised=(
            "distilbert",
            "DistilBertForMaskedLM(DistilBertConfig(vocab_size=40, max_position_embeddings=16, n_layers=2, n_heads=1, dim=64, hidden_dim=48))",
            "likely",
        ),
    ),
    "gpt2": dict(
        module=LANGUAGE + "gpt2",
        make="GPT2LMHeadModel(GPT2Config(vocab_size=40, n_positions=12, n_embd=40, n_layer=2, n_head=1, saved_masks=('bias', 'masked_bias')))",
        inputs={"input_ids": tokens(40, 2, 9)},
        half=True,
        files=["state_dict", "safetensors", "module"],
        pickled="transformers.models.gpt2.modeling_gpt2",
        recognised=(
            "gpt2-like",
            "GPT2LMHeadModel(GPT2Config(vocab_size=40, n_positions=12, n_embd=40, n_layer=2, n_head=1, saved_masks=('bias', 'masked_bias')))",
            "likely",
        ),
    ),
    "nanogpt": dict(
        module="common.nanogpt",
        make="GPT(GPTConfig(block_size=12, vocab_size=30, n_layer=2, n_head=1, n_embd=32, bias=False))",
        inputs={"idx": tokens(30, 2, 9)},
        recognised=("nanogpt", "GPT(GPTConfig(block_size=12, vocab_size=30, n_layer=2, n_head=1, n_embd=32, bias=False))", "likely"),
        files=["compiled", "main"],
    ),
    "resnet_cifar": dict(
        module="common.resnet_cifar",
        make="ResNet(BasicBlock, [1, 1, 2, 1], num_classes=10, planes=4)",
        inputs={"x": image(2, 3, 32, 32)},
        files=["state_dict", "parallel", "main"],
        recognised=("resnet_cifar", "ResNet(BasicBlock, [1, 1, 2, 1], num_classes=10, planes=4)", "certain"),
    ),
    "unet": dict(
        module="common.unet",
        make="UNet(n_channels=1, n_classes=2, width=4)",
        inputs={"x": image(1, 1, 37, 32)},
        half=True,
        recognised=("unet", "UNet(n_channels=1, n_classes=2, width=4)", "certain"),
    ),
    "dcgan": dict(
        module="common.dcgan",
        make="Generator(nz=6, ngf=4, nc=1)",
        inputs={"input": noise(2, 6, 1, 1)},
        files=["state_dict"],
        recognised=("dcgan_generator", "Generator(nz=6, ngf=4, nc=1)", "likely"),
    ),
    "lenet": dict(
        module="common.lenet",
        make="PooledLeNet(in_channels=1, channels=(3, 5), kernel=5, side=5, features=(12, 8), num_classes=4)",
        inputs={"x": image(2, 1, 32, 32)},
        files=["state_dict", "main"],
        recognised=("lenet", "PooledLeNet(in_channels=1, channels=(3, 5), kernel=5, side=5, features=(12, 8), num_classes=4)", "likely"),
    ),
    "backbone": dict(make="Classifier(num_classes=4)", inputs={"x": image(2, 3, 32, 32)}),
    "by_name": dict(
        module=VISION + "mobilenetv3",
        make="mobilenet_v3_small(num_classes=4, width_mult=0.1)",
        inputs={"x": image(2, 3, 32, 32)},
        zoo="mobilenet_v3_small(num_classes=4, width_mult=0.1)",
        half=True,
        recognised=("mobilenet_v3_small", "mobilenet_v3_small(num_classes=4, width_mult=0.1)", "certain"),
    ),
    "by_family": dict(
        module=VISION + "densenet",
        make="DenseNet(growth_rate=4, block_config=(2, 2), num_init_features=6, num_classes=3)",
        inputs={"x": image(2, 3, 32, 32)},
        zoo="densenet",
        recognised=("densenet", "DenseNet(num_classes=3, growth_rate=4, block_config=(2, 2), num_init_features=6)", "certain"),
    ),
}



class Digits(nn.Module):
    """Layers with names, calls without."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 8, 3, padding=1, groups=2)
        self.dropout = nn.Dropout(0.25)
        self.fc1 = nn.Linear(8 * 7 * 7, 12, bias=False)
        self.fc2 = nn.Linear(12, 10)


class Tagger(nn.Module):
    """A recurrent layer, and Sequentials."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(30, 6)
        self.lstm = nn.LSTM(6, 5, 2, bidirectional=True, batch_first=True)
        self.head = nn.Sequential(nn.Linear(10, 8), nn.Tanh(), nn.Dropout(), nn.Linear(8, 4), nn.LogSoftmax(1))


# Stacks whose source is asked for, and proposed: tests/suite/zoo.rs compares with proposal.py.
STACKS = {
    "stack_mlp": lambda: nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 8), nn.ELU(), nn.Dropout(), nn.Linear(8, 2)),
    "stack_convolutions": lambda: nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(4, 6, (3, 1), bias=False), nn.SiLU(), nn.AvgPool2d(2)),
        nn.Flatten(),
        nn.Linear(24, 3),
    ),
    "stack_names": Digits,
    "stack_tokens": Tagger,
}


def write_stack(folder, make):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(sum(folder.name.encode()))
    state = make().state_dict()
    torch.save(state, folder / "state_dict.pth")
    torch.save(dict(state), folder / "plain.pth")
    how = {"format": "zip", "content": "state_dict", "state_key": None, "key_prefix": None}
    described = {"name": folder.name, "source": None, "construct": None, "file": "state_dict.pth", **how, "inputs": [], "call": [], "outputs": []}
    described |= {"variants": [{"file": "plain.pth", **how}], "atol": 0, "rtol": 0, "expect": "guess_or_ask", "guess": "ask"}
    (folder / "case.json").write_text(json.dumps(described) + "\n")


if __name__ == "__main__":
    for name, make in STACKS.items():
        if not sys.argv[1:] or name in sys.argv[1:]:
            write_stack(HERE / name, make)
    for name, case in CASES.items():
        if not sys.argv[1:] or name in sys.argv[1:]:
            write(HERE / name, case)
