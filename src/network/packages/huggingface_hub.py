"""huggingface_hub's mixin for models: it adds ways to the Hub and back, and nothing to a network."""


class ModelHubMixin:
    """A class whose models can be pushed to the Hub."""

    def save_pretrained(self, *args, **kwargs):
        raise NotImplementedError("save_pretrained: save the model with torchtab instead")

    def push_to_hub(self, *args, **kwargs):
        raise NotImplementedError("push_to_hub: a network has no way to the net here")

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, **kwargs):
        raise NotImplementedError(f"{cls.__name__}.from_pretrained: the weights come from the checkpoint that is open")


class PyTorchModelHubMixin(ModelHubMixin):
    """The same for PyTorch."""
