"""transformers' Auto classes: which network a published name means. The weights come from the checkpoint that is open."""

from zoo.transformers import bert, distilbert, electra, gpt2, roberta

# configuration, module, and what its classes' names begin with
_FAMILIES = [
    (bert.BertConfig, bert, "Bert"),
    (distilbert.DistilBertConfig, distilbert, "DistilBert"),
    (roberta.RobertaConfig, roberta, "Roberta"),
    (roberta.XLMRobertaConfig, roberta, "XLMRoberta"),
    (roberta.CamembertConfig, roberta, "Camembert"),
    (electra.ElectraConfig, electra, "Electra"),
    (gpt2.GPT2Config, gpt2, "GPT2"),
]


class AutoConfig:
    """A configuration by a published name."""

    @classmethod
    def from_pretrained(cls, name, **kwargs):
        short = str(name).split("/")[-1]
        for config, _, _ in _FAMILIES:
            if short in config.published:
                return config.from_pretrained(name, **kwargs)
        raise NotImplementedError(f"'{name}' is no published network that is known here, and the Hub is not asked: give the class and its configuration")


class _AutoModel:
    kind = "Model"

    @classmethod
    def from_config(cls, config, **kwargs):
        for family, module, prefix in _FAMILIES:
            if type(config) is family:
                network = getattr(module, prefix + cls.kind, None)
                if network is None:
                    raise NotImplementedError(f"{prefix}{cls.kind}")
                return network(config)
        raise NotImplementedError(f"{cls.__name__} of a {type(config).__name__}")

    @classmethod
    def from_pretrained(cls, name, *args, config=None, **kwargs):
        if config is None:
            config = AutoConfig.from_pretrained(name, **kwargs)
        return cls.from_config(config)


class AutoModel(_AutoModel):
    """An encoder or decoder without a head."""


class AutoModelForMaskedLM(_AutoModel):
    """With scores for words."""

    kind = "ForMaskedLM"


class AutoModelForCausalLM(_AutoModel):
    """With scores for the word that follows."""

    kind = "LMHeadModel"


class AutoModelForSequenceClassification(_AutoModel):
    """With a class for each text."""

    kind = "ForSequenceClassification"


class AutoModelForTokenClassification(_AutoModel):
    """With a class for each token."""

    kind = "ForTokenClassification"


class AutoModelForQuestionAnswering(_AutoModel):
    """With the place of an answer."""

    kind = "ForQuestionAnswering"


class _Tokenizer:
    """What stands in a constructor and is not called in forward."""

    def __call__(self, *args, **kwargs):
        raise NotImplementedError("tokenizers are not here: give the network input_ids")


class AutoTokenizer:
    """A tokenizer by a published name."""

    @classmethod
    def from_pretrained(cls, name, *args, **kwargs):
        return _Tokenizer()


BertTokenizer = BertTokenizerFast = RobertaTokenizer = RobertaTokenizerFast = DistilBertTokenizer = DistilBertTokenizerFast = AutoTokenizer
