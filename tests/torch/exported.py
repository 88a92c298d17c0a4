"""Loads what tests/suite/pt2.rs wrote: programs with new weights, and the same weights as state_dicts of the networks that were exported."""

import json
import pathlib
import sys

import torch

torch.set_num_threads(1)
out = pathlib.Path(sys.argv[1])
cases = pathlib.Path(__file__).parent.parent / "cases/export"
sys.path.insert(0, str(cases))
import networks  # noqa: E402


def numbers(result):
    if isinstance(result, torch.Tensor):
        return result.double().flatten().tolist()
    items = result.values() if isinstance(result, dict) else result
    return [number for item in items for number in numbers(item)]


manifest = json.loads((out / "manifest.json").read_text())
for entry in manifest:
    name = entry["case"]
    case = json.loads((cases / name / "case.json").read_text())
    inputs = [torch.tensor(i["data"], dtype=getattr(torch, i["dtype"])).reshape(i["shape"]) for i in case["inputs"]]
    program = torch.export.load(out / f"{name}.pt2")
    network = networks.CASES[name][0]()
    network.load_state_dict(torch.load(out / f"{name}.pth", weights_only=True), strict=True)
    with torch.no_grad():
        results = [program.module()(*inputs), network.eval()(*inputs)]
    for result in results:
        got = torch.tensor(numbers(result))
        torch.testing.assert_close(got, torch.tensor(entry["outputs"]), rtol=1e-4, atol=1e-5)
print(len(manifest), "programs")
