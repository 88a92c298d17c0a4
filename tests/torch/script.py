"""Loads with real torch the TorchScript archives that torchtab gave back. Run by tests/suite/script.rs: python script.py FOLDER, where
FOLDER/manifest.json lists files, an input, and the outputs that torchtab computed."""

import json
import pathlib
import sys
import warnings

import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "cases" / "script"))
warnings.simplefilter("ignore")
import networks  # noqa: E402


def tensor(plain):
    return torch.tensor(plain["data"]).reshape(plain["shape"])


def main(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    for case in manifest:
        file = folder / case["file"]
        try:
            if case["kind"] == "script":
                model = torch.jit.load(file)
            else:
                model = getattr(networks, case["network"])()
                model.load_state_dict(torch.load(file, weights_only=True), strict=True)
            with torch.no_grad():
                got = model.eval()(tensor(case["input"]))
            for y, want in zip(got if isinstance(got, tuple) else [got], case["outputs"], strict=True):
                torch.testing.assert_close(y, tensor(want), rtol=1e-4, atol=1e-5)
        except Exception as error:
            sys.exit(f"{case['file']}: {type(error).__name__}: {error}")
    print(f"{len(manifest)} files")


main(pathlib.Path(sys.argv[1]))
