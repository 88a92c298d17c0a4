"""Facts about the originals of the zoo's networks: `python tests/oracle/zoo_keys.py > tests/oracle/zoo_keys.json`.

Needs torchvision 0.29.2 and transformers 5.24.0 beside torch 2.15. For each variant: the expression that makes it in the zoo, how many keys its
state_dict has, how many parameters the network has, and the SHA-256 of the lines `key sizes` in the state_dict's order.
"""

import hashlib
import json
import re

import torch
import torchvision.models as vision
import transformers

VISION = """
alexnet vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d
resnext101_32x8d resnext101_64x4d wide_resnet50_2 wide_resnet101_2 densenet121 densenet161 densenet169 densenet201 squeezenet1_0 squeezenet1_1
mobilenet_v2 mobilenet_v3_large mobilenet_v3_small efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 efficientnet_b5
efficientnet_b6 efficientnet_b7 efficientnet_v2_s efficientnet_v2_m efficientnet_v2_l shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5
shufflenet_v2_x2_0 googlenet convnext_tiny convnext_small convnext_base convnext_large vit_b_16 vit_b_32 vit_l_16 vit_l_32 vit_h_14 swin_t swin_s
swin_b inception_v3
""".split()
OPTIONS = ["mobilenet_v2(num_classes=10, width_mult=0.35)", "mobilenet_v3_small(num_classes=10, reduced_tail=True)", "googlenet(aux_logits=False)"]
LANGUAGE = {
    "Bert": ["Model", "ForMaskedLM", "ForPreTraining", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering"],
    "DistilBert": ["Model", "ForMaskedLM", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering"],
    "GPT2": ["Model", "LMHeadModel"],
    "Roberta": ["Model", "ForMaskedLM", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering"],
    "Electra": ["Model", "ForPreTraining", "ForSequenceClassification", "ForTokenClassification"],
    "Llama": ["Model", "ForCausalLM"],
}


def facts(model):
    state = model.state_dict()
    lines = "".join(f"{key} {','.join(map(str, value.shape))}\n" for key, value in state.items())
    return {
        "keys": len(state),
        "parameters": sum(p.numel() for p in model.parameters()),
        "sha256": hashlib.sha256(lines.encode()).hexdigest(),
    }


found = {}
with torch.device("meta"):
    for expression in [f"{name}()" for name in VISION] + OPTIONS:
        # the weights are not drawn: on the meta device that cannot be
        original = re.sub(r"^(googlenet|inception_v3)\(", r"\1(init_weights=False, ", expression)
        found[expression] = facts(eval(original, vars(vision)))
    for family, kinds in LANGUAGE.items():
        for kind in kinds:
            expression = f"{family}{kind}({family}Config())"
            model, config = getattr(transformers, family + kind), getattr(transformers, f"{family}Config")
            found[expression] = facts(model(config()))
print("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items()) + "\n}")
