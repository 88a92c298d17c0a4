"""Writes full-size networks of the zoo with random weights, as cases: `python full_size.py FOLDER`. Run by tests/suite/zoo.rs, which runs the cases.

They are too large for the repository. The small ones stand in `tests/cases/zoo`, whose writer this is.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "cases" / "zoo"))
from make import MODELS, VISION, image, write  # noqa: E402

X64 = {"x": image(2, 3, 64, 64)}
CASES = {
    "resnet18": dict(
        module=VISION + "resnet",
        make="resnet18(num_classes=10)",
        inputs=X64,
        files=["state_dict", "parallel", "module", "main", "safetensors"],
        pickled=MODELS + "resnet",
        recognised=("resnet18", "resnet18(num_classes=10)", "certain"),
    ),
    "resnext50": dict(
        module=VISION + "resnet",
        make="resnext50_32x4d(num_classes=10)",
        inputs=X64,
        recognised=("resnext50_32x4d", "resnext50_32x4d(num_classes=10)", "certain"),
    ),
    "mobilenet_v2_full": dict(
        module=VISION + "mobilenetv2",
        make="mobilenet_v2(num_classes=10)",
        inputs=X64,
        files=["state_dict", "module"],
        pickled=MODELS + "mobilenetv2",
        recognised=("mobilenet_v2", "mobilenet_v2(num_classes=10)", "certain"),
    ),
    "vgg11_bn": dict(
        module=VISION + "vgg",
        make="vgg11_bn(num_classes=10)",
        inputs=X64,
        files=["state_dict", "module"],
        pickled=MODELS + "vgg",
        recognised=("vgg11_bn", "vgg11_bn(num_classes=10)", "certain"),
    ),
    "alexnet": dict(
        module=VISION + "alexnet",
        make="alexnet(num_classes=10)",
        inputs=X64,
        recognised=("alexnet", "alexnet(num_classes=10)", "certain"),
    ),
    "squeezenet1_1": dict(
        module=VISION + "squeezenet",
        make="squeezenet1_1(num_classes=10)",
        inputs=X64,
        files=["state_dict", "module"],
        pickled=MODELS + "squeezenet",
        recognised=("squeezenet1_1", "squeezenet1_1(num_classes=10)", "certain"),
    ),
    "googlenet": dict(
        module=VISION + "googlenet",
        make="googlenet(num_classes=10)",
        inputs=X64,
        files=["state_dict", "module"],
        pickled=MODELS + "googlenet",
        recognised=("googlenet", "googlenet(num_classes=10)", "likely"),
    ),
    "inception_v3": dict(
        module=VISION + "inception",
        make="inception_v3(num_classes=10, aux_logits=False)",
        inputs={"x": image(1, 3, 96, 96)},
        recognised=("inception_v3", "inception_v3(num_classes=10, aux_logits=False)", "likely"),
    ),
    "resnet18_by_name": dict(
        module=VISION + "resnet", make="resnet18(num_classes=7)", inputs=X64, zoo="resnet18", recognised=("resnet18", "resnet18(num_classes=7)", "certain")
    ),
}

for name, case in CASES.items():
    write(pathlib.Path(sys.argv[1]) / name, case)
