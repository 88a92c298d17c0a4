"""PyTorch Lightning, as far as a network needs it: a LightningModule is an nn.Module that remembers its constructor's arguments.

What belongs to training (steps, optimizers, data, the trainer) is never run here; logging does nothing.
"""

import copy
import dataclasses

import torch.nn as nn
from torchtab import constructor_arguments


class AttributeDict(dict):
    """A dict whose keys are attributes too: `self.hparams`."""

    def __getattr__(self, key):
        if key in self:
            return self[key]
        raise AttributeError(f"Missing attribute '{key}'")

    def __setattr__(self, key, value):
        self[key] = value


class HyperparametersMixin:
    """`save_hyperparameters` and what it fills."""

    def save_hyperparameters(self, *args, ignore=None, frame=None, logger=True):
        if len(args) == 1 and not isinstance(args[0], str) and not args[0]:
            # an empty config
            return
        given = {}
        if dataclasses.is_dataclass(self):
            given = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        else:
            for arguments in constructor_arguments(self):
                given.update(arguments)
        ignored = [ignore] if isinstance(ignore, str) else [name for name in ignore or [] if isinstance(name, str)]
        given = {name: value for name, value in given.items() if name not in ignored}
        if args:
            configs = [argument for argument in args if not isinstance(argument, str)]
            given = configs[0] if len(configs) == 1 else {name: given[name] for name in args if isinstance(name, str)}
        self._set_hparams(given)

    def _set_hparams(self, hp):
        if isinstance(hp, (bool, int, float, str)):
            raise ValueError(f"Primitives {(bool, int, float, str)} are not allowed.")
        if not isinstance(hp, dict) and hasattr(hp, "__dict__"):
            hp = vars(hp)
        self.hparams.update(hp)
        self._hparams_initial = copy.copy(self.hparams)

    @property
    def hparams(self):
        if not hasattr(self, "_hparams"):
            self._hparams = AttributeDict()
        return self._hparams

    @property
    def hparams_initial(self):
        return self._hparams_initial if hasattr(self, "_hparams_initial") else AttributeDict()


class LightningModule(HyperparametersMixin, nn.Module):
    """An nn.Module with Lightning's names, outside of any trainer."""

    def __init__(self, *args, **kwargs):
        super().__init__()
        self.example_input_array = None
        self.automatic_optimization = True

    def _parameter(self):
        return next(self.parameters(), None)

    @property
    def device(self):
        parameter = self._parameter()
        return "cpu" if parameter is None else parameter.device

    @property
    def dtype(self):
        parameter = self._parameter()
        return None if parameter is None else parameter.dtype

    @property
    def trainer(self):
        raise RuntimeError(f"{self.__class__.__qualname__} is not attached to a `Trainer`.")

    @property
    def logger(self):
        return None

    @property
    def loggers(self):
        return []

    @property
    def current_epoch(self):
        return 0

    @property
    def global_step(self):
        return 0

    @property
    def global_rank(self):
        return 0

    @property
    def local_rank(self):
        return 0

    def log(self, name, value, *args, **kwargs):
        pass

    def log_dict(self, dictionary, *args, **kwargs):
        pass

    def print(self, *args, **kwargs):
        pass

    def all_gather(self, data, group=None, sync_grads=False):
        return data

    def freeze(self):
        for parameter in self.parameters():
            parameter.requires_grad = False
        self.eval()
        return self

    def unfreeze(self):
        for parameter in self.parameters():
            parameter.requires_grad = True
        self.train()
        return self

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path, *args, **kwargs):
        raise NotImplementedError(f"{cls.__name__}.load_from_checkpoint: the weights come from the checkpoint that is open")


class LightningDataModule(HyperparametersMixin):
    """Data for training: nothing of it is used here."""

    def __init__(self):
        self.trainer = None


class Callback:
    """What is called while a trainer trains: never here."""


def seed_everything(seed=None, workers=False, verbose=True):
    return seed
