"""The bases that classes of transformers' users inherit from: configurations, models, and what forward returns.

The architectures themselves are the zoo's. Weights come from the checkpoint that is open, never from the Hub.
"""

import collections
import dataclasses

import torch
import torch.nn as nn


class PretrainedConfig:
    """Numbers and choices by name; those that every configuration has, unless they are given."""

    model_type = ""
    attribute_map = {}
    # numbers of published networks by their names
    published = {}

    def __init__(self, **kwargs):
        self.return_dict = kwargs.pop("return_dict", True)
        self.output_hidden_states = kwargs.pop("output_hidden_states", False)
        self.output_attentions = kwargs.pop("output_attentions", False)
        self.is_encoder_decoder = kwargs.pop("is_encoder_decoder", False)
        self.is_decoder = kwargs.pop("is_decoder", False)
        self.add_cross_attention = kwargs.pop("add_cross_attention", False)
        self.tie_word_embeddings = kwargs.pop("tie_word_embeddings", True)
        self.chunk_size_feed_forward = kwargs.pop("chunk_size_feed_forward", 0)
        self.problem_type = kwargs.pop("problem_type", None)
        self.pad_token_id = kwargs.pop("pad_token_id", None)
        self.bos_token_id = kwargs.pop("bos_token_id", None)
        self.eos_token_id = kwargs.pop("eos_token_id", None)
        self.use_cache = kwargs.pop("use_cache", True)
        labels = kwargs.pop("num_labels", None)
        self.id2label = kwargs.pop("id2label", None) or {i: f"LABEL_{i}" for i in range(2 if labels is None else labels)}
        self.label2id = kwargs.pop("label2id", None) or {label: i for i, label in self.id2label.items()}
        for key, value in kwargs.items():
            setattr(self, key, value)

    @property
    def num_labels(self):
        return len(self.id2label)

    @num_labels.setter
    def num_labels(self, count):
        if count != len(self.id2label):
            self.id2label = {i: f"LABEL_{i}" for i in range(count)}
            self.label2id = {label: i for i, label in self.id2label.items()}

    @property
    def use_return_dict(self):
        return self.return_dict

    def __setattr__(self, key, value):
        super().__setattr__(type(self).attribute_map.get(key, key), value)

    def __getattr__(self, key):
        target = type(self).attribute_map.get(key)
        if target is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{key}'")
        return getattr(self, target)

    def to_dict(self):
        return dict(self.__dict__)

    def update(self, values):
        for key, value in values.items():
            setattr(self, key, value)

    @classmethod
    def from_dict(cls, values, **kwargs):
        return cls(**{**values, **kwargs})

    @classmethod
    def from_pretrained(cls, name, **kwargs):
        """The numbers of a network that is published under this name."""
        short = str(name).split("/")[-1]
        if short not in cls.published:
            raise NotImplementedError(
                f"{cls.__name__}.from_pretrained('{name}'): the Hub is not asked; give the numbers, {cls.__name__}(...), or one of {sorted(cls.published)}"
            )
        return cls(**{**cls.published[short], **kwargs})


PreTrainedConfig = PretrainedConfig


class ModelOutput(collections.OrderedDict):
    """What forward returns, by attribute, by key, and by the place among what is not None.

    The classes of transformers name their fields; users' own are dataclasses that inherit from this one.
    """

    fields = ()

    def __init__(self, *args, **kwargs):
        super().__init__()
        for key, value in list(zip(self.fields, args)) + list(kwargs.items()):
            if value is not None:
                self[key] = value

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not None:
                self[field.name] = value

    def __getitem__(self, key):
        if isinstance(key, str):
            return dict(self.items())[key]
        return self.to_tuple()[key]

    def __getattr__(self, key):
        if key in self:
            return self[key]
        if key in self.fields:
            return None
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{key}'")

    def to_tuple(self):
        return tuple(self.values())


# forward's options that change nothing where all places are computed at once
_IDLE = ("use_cache", "past_key_values", "cache_position", "head_mask", "return_dict", "output_hidden_states", "output_attentions")


def wants(config, options, name):
    """Whether an option is on: in the call, or else in the configuration."""
    for key, value in options.items():
        if key not in _IDLE and value is not None:
            raise NotImplementedError(f"the argument {key} of forward")
    given = options.get(name)
    return bool(getattr(config, name, False) if given is None else given)


def returned(config, options, **fields):
    """What forward returns: by attribute, key and place; a tuple where `return_dict` is False."""
    if wants(config, options, "output_attentions"):
        raise NotImplementedError("output_attentions: the attention's weights are not kept")
    if "hidden_states" not in fields and wants(config, options, "output_hidden_states"):
        raise NotImplementedError("output_hidden_states of a network with a head: ask the network inside")
    if options.get("head_mask") is not None or options.get("past_key_values") is not None:
        raise NotImplementedError("head_mask and past_key_values")
    output = ModelOutput(**fields)
    given = options.get("return_dict")
    return output if (getattr(config, "return_dict", True) if given is None else given) else output.to_tuple()


class PreTrainedModel(nn.Module):
    """A module made from a configuration."""

    config_class = PretrainedConfig
    base_model_prefix = ""
    main_input_name = "input_ids"
    supports_gradient_checkpointing = False

    def __init__(self, config, *inputs, **kwargs):
        super().__init__()
        self.config = config

    @property
    def base_model(self):
        return getattr(self, self.base_model_prefix, self)

    @property
    def device(self):
        return next(self.parameters()).device

    @property
    def dtype(self):
        return next(self.parameters()).dtype

    def post_init(self):
        pass

    def init_weights(self):
        pass

    def tie_weights(self, *args, **kwargs):
        pass

    def gradient_checkpointing_enable(self, *args, **kwargs):
        pass

    def gradient_checkpointing_disable(self):
        pass

    def get_input_embeddings(self):
        if self.base_model is self:
            raise NotImplementedError
        return self.base_model.get_input_embeddings()

    def get_output_embeddings(self):
        return None

    def get_head_mask(self, head_mask, num_hidden_layers, is_attention_chunked=False):
        if head_mask is not None:
            raise NotImplementedError("get_head_mask() with a mask")
        return [None] * num_hidden_layers

    def get_extended_attention_mask(self, attention_mask, input_shape=None, device=None, dtype=None):
        dtype = self.dtype if dtype is None else dtype
        if attention_mask.dim() not in (2, 3):
            raise ValueError(f"Wrong shape for input_ids (shape {input_shape}) or attention_mask (shape {attention_mask.shape})")
        mask = attention_mask[:, None, :, :] if attention_mask.dim() == 3 else attention_mask[:, None, None, :]
        return (1.0 - mask.to(dtype)) * torch.finfo(dtype).min

    def num_parameters(self, only_trainable=False, exclude_embeddings=False):
        return sum(parameter.numel() for parameter in self.parameters())

    def resize_token_embeddings(self, *args, **kwargs):
        raise NotImplementedError("resize_token_embeddings: construct the network with the number of tokens that the checkpoint has")

    @classmethod
    def from_pretrained(cls, name, *args, config=None, **kwargs):
        """The network alone: its weights are the open checkpoint's, and the Hub is not asked."""
        if config is None:
            config = cls.config_class.from_pretrained(name, **kwargs)
        return cls(config)

    @classmethod
    def from_config(cls, config, **kwargs):
        return cls(config)
