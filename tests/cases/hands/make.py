"""Writes the cases of whole networks in many hands, with PyTorch 2.15: `python tests/cases/hands/make.py [NAME…]`.

Each case is the folder of its name. `model.py` in it is written by hand, as authors of such networks write them; this writes the weights
and `case.json`: inputs, and the outputs that PyTorch computes in eval mode.
"""

import json
import pathlib
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
torch.set_num_threads(1)


def floats(*shape):
    return lambda g: torch.randn(*shape, generator=g).mul(1e4).round().div(1e4)


def ints(high, *shape):
    return lambda g: torch.randint(0, high, shape, generator=g)


# name: construct, inputs
CASES = {
    "bahdanau": ("build()", {"src": ints(20, 6, 2), "trg": ints(25, 5, 2)}),
    "cgan": ("Generator(10, 4, (1, 6, 6))", {"noise": floats(3, 10), "labels": ints(4, 3)}),
    "char_gpt": ("CharLanguageModel()", {"idx": ints(30, 2, 9)}),
    "conv_lstm": ("ConvLSTM(2, [4, 3], (3, 3), 2, batch_first=True)", {"input_tensor": floats(1, 3, 2, 5, 6)}),
    "detr_like": ("DETRdemo(5)", {"inputs": floats(2, 3, 17, 20)}),
    "gat": ("GAT([6, 4, 3], [3, 2])", {"x": floats(5, 6), "edge_index": ints(5, 2, 12)}),
    "mixer": ("MLPMixer(image_size=8, channels=3, patch_size=4, dim=12, depth=2, num_classes=5)", {"x": floats(2, 3, 8, 8)}),
    "nerf": ("NeRF()", {"x": floats(7, 6)}),
    "pointnet": ("PointNet(5)", {"input": floats(2, 3, 11)}),
    "recommender": (
        "NeuMF({'num_users': 12, 'num_items': 15, 'latent_dim_mf': 4, 'latent_dim_mlp': 5, 'layers': [10, 8, 6]})",
        {"user_indices": ints(12, 6), "item_indices": ints(15, 6)},
    ),
    "spatial_transformer": ("Net()", {"x": floats(2, 1, 28, 28)}),
    "vae_conv": ("VanillaVAE(3, 6)", {"input": floats(2, 3, 16, 16)}),
    "wavenet": ("WaveNet()", {"wave": ints(32, 2, 24)}),
}


def load_source(folder):
    """The source's names; a line that makes a folder is not carried out."""
    text = (folder / "model.py").read_text().replace('os.makedirs("images", exist_ok=True)', "")
    names = {"__name__": f"case_{folder.name}"}
    exec(compile(text, str(folder / "model.py"), "exec"), names)
    return names


def tensor(t):
    t = t.detach().contiguous()
    data = t.double().flatten().tolist() if t.is_floating_point() else t.flatten().tolist()
    data = [x if not isinstance(x, float) else float(f"{x:.7g}") for x in data]
    return {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "data": data}


def leaves(result, path=()):
    if isinstance(result, torch.Tensor):
        return [{"path": list(path), **tensor(result)}]
    if isinstance(result, dict):
        return [leaf for k, v in result.items() for leaf in leaves(v, (*path, k))]
    if isinstance(result, (tuple, list)):
        return [leaf for i, v in enumerate(result) for leaf in leaves(v, (*path, i))]
    return [{"path": list(path), "value": result}]


def make(name, construct, inputs):
    folder = HERE / name
    seed = sum(name.encode())
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    model = eval(construct, load_source(folder))
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.running_mean.add_(torch.randn(module.running_mean.shape, generator=generator) * 0.3)
                module.running_var.mul_(0.5 + torch.rand(module.running_var.shape, generator=generator))
        for parameter in model.parameters():
            # what starts at zero would hide what reads it
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    model.eval()
    torch.save(model.state_dict(), folder / "model.pth")
    named = {k: v(generator) for k, v in inputs.items()}
    with torch.no_grad():
        outputs = leaves(model(*(t.clone() for t in named.values())))
    described = {
        "name": name,
        "source": "model.py",
        "construct": construct,
        "file": "model.pth",
        "format": "zip",
        "content": "state_dict",
        "state_key": None,
        "key_prefix": None,
        "variants": [],
        "inputs": [{"name": n, **tensor(t)} for n, t in named.items()],
        "call": list(named),
        "outputs": outputs,
        "atol": 1e-5,
        "rtol": 1e-4,
        "more": [],
    }
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in described.items())
    (folder / "case.json").write_text("{\n" + lines + "\n}\n")
    print(f"{name}: {len(outputs)} outputs, {sum(p.numel() for p in model.parameters())} parameters")


for name, case in CASES.items():
    if len(sys.argv) < 2 or name in sys.argv[1:]:
        make(name, *case)
