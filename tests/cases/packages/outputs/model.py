from dataclasses import dataclass
from typing import Optional

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling, SequenceClassifierOutput
from transformers.utils import ModelOutput


class TinyConfig(PretrainedConfig):
    model_type = "tiny"
    attribute_map = {"width": "hidden_size"}

    def __init__(self, vocab_size=30, hidden_size=8, dropout=0.1, **kwargs):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.dropout = dropout


@dataclass
class Extra(ModelOutput):
    mean: torch.FloatTensor = None
    largest: Optional[torch.FloatTensor] = None


class TinyPreTrainedModel(PreTrainedModel):
    config_class = TinyConfig
    base_model_prefix = "tiny"

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            module.weight.data.normal_(mean=0.0, std=0.02)


class TinyModel(TinyPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.embed = nn.Embedding(config.vocab_size, config.width)
        self.pooler = nn.Linear(config.hidden_size, config.hidden_size)
        self.post_init()

    def forward(self, input_ids, attention_mask=None, return_dict=None):
        return_dict = return_dict if return_dict is not None else self.config.use_return_dict
        x = self.embed(input_ids)
        mask = (1.0 - attention_mask.to(self.dtype)) * torch.finfo(self.dtype).min
        weights = mask.softmax(-1)
        pooled = torch.tanh(self.pooler((x * weights.unsqueeze(-1)).sum(1)))
        if not return_dict:
            return (x, pooled)
        return BaseModelOutputWithPooling(last_hidden_state=x, pooler_output=pooled)


class TinyForSequenceClassification(TinyPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.tiny = TinyModel(config)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(self, input_ids, attention_mask=None, labels=None):
        outputs = self.tiny(input_ids, attention_mask=attention_mask)
        pooled = outputs[1]
        extra = Extra(mean=outputs.last_hidden_state.mean())
        assert extra.largest is None and "mean" in extra and outputs["pooler_output"] is not None
        logits = self.classifier(pooled) + extra.mean
        loss = None
        if labels is not None:
            loss = nn.CrossEntropyLoss()(logits.view(-1, self.num_labels), labels.view(-1))
        x, _ = self.tiny(input_ids, attention_mask, return_dict=False)
        return SequenceClassifierOutput(loss=loss, logits=logits, hidden_states=(x, extra[0]))
