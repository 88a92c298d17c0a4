"""Writes the networks that the benchmark runs, into `benches/made/`: for each a state_dict `NAME.pth` with random weights and the same network
as `NAME.onnx`, which torch exports. `python benches/networks.py`, with onnx and onnxscript importable; called by `cargo xtask bench`.

    resnet18, mobilenet_v2    the zoo's, images of 224x224
    bert                      4 layers of width 256, 128 tokens (bert.py beside this file)
    lstm                      width 256, 64 steps (lstm.py)
    resnet50, gpt2            state_dicts alone: only their parse and trace are timed (gpt2.py)
"""

import importlib.util
import pathlib
import sys
import warnings

import torch

HERE = pathlib.Path(__file__).parent
MADE = HERE / "made"
ZOO = HERE.parent / "src/network/zoo"
# The zoo's files import each other as `zoo`.
sys.path.insert(0, str(ZOO.parent))

# file, expression, input; the input's dtype is its values'
NETWORKS = {
    "resnet18": (ZOO / "torchvision/resnet.py", "resnet18()", torch.randn(1, 3, 224, 224)),
    "mobilenet_v2": (ZOO / "torchvision/mobilenetv2.py", "mobilenet_v2()", torch.randn(1, 3, 224, 224)),
    "bert": (HERE / "bert.py", "Bert()", torch.randint(0, 8000, (1, 128))),
    "lstm": (HERE / "lstm.py", "Lstm()", torch.randn(1, 64, 256)),
    "resnet50": (ZOO / "torchvision/resnet.py", "resnet50()", None),
    "gpt2": (HERE / "gpt2.py", "Gpt2()", None),
}


def build(path: pathlib.Path, expression: str) -> torch.nn.Module:
    """The network of a source file, in eval mode."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return eval(expression, vars(module)).eval()


def settle(network: torch.nn.Module, example: torch.Tensor) -> None:
    """Gives batch norms the statistics of random inputs. With those that they start from, signals die out on the way, and outputs that are the
    last layer's bias show nothing."""
    norms = [m for m in network.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    for norm in norms:
        norm.momentum = None
    network.train()
    with torch.no_grad():
        network(torch.randn(4, *example.shape[1:]))
    network.eval()


def main() -> None:
    """Makes what is missing."""
    MADE.mkdir(exist_ok=True)
    warnings.simplefilter("ignore")
    for name, (path, expression, example) in NETWORKS.items():
        if (MADE / f"{name}.pth").exists():
            continue
        torch.manual_seed(0)
        network = build(path, expression)
        if example is not None:
            settle(network, example)
            torch.onnx.export(network, (example,), MADE / f"{name}.onnx", external_data=False, verbose=False)
        # Last, so that a file says that all is there.
        torch.save(network.state_dict(), MADE / f"{name}.pth")


if __name__ == "__main__":
    main()
