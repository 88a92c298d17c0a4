"""The training steps that the benchmark measures, and PyTorch's side of it; called by `cargo xtask bench`.

    python benches/train.py           writes, into `benches/made/`, for each network its random weights as `train_NAME.pth`, and weights and
                                      batches for the other engine: `train_NAME.bin`, and where what stands in it: `train_NAME.json`
    python benches/train.py NAME      trains on one thread: reads a number of steps from each line of its input and answers with a line of
                                      JSON, `{"ms": [...], "losses": [...]}`
"""

import importlib.util
import json
import pathlib
import sys
import time

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
MADE = HERE / "made"
# Steps take the batches in turn.
BATCHES = 4


def picture(*shape):
    return lambda: torch.rand(*shape)


# file, class and arguments, inputs, optimizer, its hyper-parameters
NETWORKS = {
    "digits": (HERE.parent / "samples/digits/model.py", "DigitsNet", {"p": 0.0}, picture(64, 1, 8, 8), "Adam", {"lr": 1e-3}),
    "mlp": (HERE / "mlp.py", "Mlp", {}, picture(128, 784), "SGD", {"lr": 0.05, "momentum": 0.9}),
    "transformer": (HERE / "transformer.py", "Transformer", {}, lambda: torch.randint(0, 1000, (8, 128)), "Adam", {"lr": 3e-4}),
}


def build(path: pathlib.Path, name: str, arguments: dict) -> nn.Module:
    """The network of a source file, with the same weights each time, in train mode."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    torch.manual_seed(0)
    return getattr(module, name)(**arguments).train()


def batches(inputs) -> list:
    """Inputs and classes, the same each time."""
    torch.manual_seed(1)
    drawn = [inputs() for _ in range(BATCHES)]
    return [(x, torch.randint(0, 10, (len(x),))) for x in drawn]


def make() -> None:
    """Writes every network's files."""
    MADE.mkdir(exist_ok=True)
    for name, (path, of, arguments, inputs, optimizer, hyper) in NETWORKS.items():
        state = build(path, of, arguments).state_dict()
        tensors = {n: t for n, t in state.items() if t.is_floating_point()}
        for i, (x, y) in enumerate(batches(inputs)):
            tensors |= {f"inputs.{i}": x, f"targets.{i}": y}
        described, data = {}, bytearray()
        for n, t in tensors.items():
            # What is not float32 is int64, which few engines have: int32 holds these.
            t = t if t.is_floating_point() else t.int()
            described[n] = {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "at": len(data)}
            data += t.contiguous().numpy().tobytes()
        construct = f"{of}({', '.join(f'{k}={v!r}' for k, v in arguments.items())})"
        source = str(path.relative_to(HERE.parent))
        spec = {"source": source, "construct": construct, "optimizer": {"class": optimizer, **hyper}, "batches": BATCHES, "tensors": described}
        (MADE / f"train_{name}.bin").write_bytes(data)
        (MADE / f"train_{name}.json").write_text(json.dumps(spec))
        # Last, so that a file says that all is there.
        torch.save(state, MADE / f"train_{name}.pth")


def serve(name: str) -> None:
    """Trains as far as it is told to."""
    torch.set_num_threads(1)
    path, of, arguments, inputs, optimizer, hyper = NETWORKS[name]
    network, data = build(path, of, arguments), batches(inputs)
    step = getattr(torch.optim, optimizer)(network.parameters(), **hyper)
    criterion = nn.CrossEntropyLoss()
    done = 0
    for line in sys.stdin:
        times, losses = [], []
        for _ in range(int(line)):
            x, y = data[done % BATCHES]
            start = time.perf_counter()
            step.zero_grad()
            loss = criterion(network(x), y)
            loss.backward()
            step.step()
            losses.append(loss.item())
            times.append((time.perf_counter() - start) * 1e3)
            done += 1
        print(json.dumps({"ms": times, "losses": losses}), flush=True)


if __name__ == "__main__":
    make() if len(sys.argv) == 1 else serve(sys.argv[1])
