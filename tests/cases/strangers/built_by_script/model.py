# Keras habits: build() on first call, Sequential subclass with add(), summary etc
import torch
from torch import nn
class Sequential(nn.Module):
    def __init__(self, input_shape=None):
        super().__init__()
        self.layers = nn.ModuleList()
        self.shape = input_shape
        self.input_shape = input_shape
    def add(self, kind, *args, activation=None, **kwargs):
        if kind == 'Dense':
            layer = nn.Linear(self.shape[-1], *args, **kwargs)
            self.shape = (*self.shape[:-1], args[0])
        elif kind == 'Conv2D':
            f, k = args
            layer = nn.Conv2d(self.shape[0], f, k, **kwargs)
            self.shape = (f, self.shape[1] - k + 1, self.shape[2] - k + 1)
        elif kind == 'Flatten':
            n = 1
            for s in self.shape: n *= s
            layer = nn.Flatten(); self.shape = (n,)
        elif kind == 'MaxPooling2D':
            layer = nn.MaxPool2d(*args); self.shape = (self.shape[0], self.shape[1] // args[0], self.shape[2] // args[0])
        else:
            raise ValueError('Unknown layer: ' + kind)
        self.layers.append(layer)
        if activation:
            self.layers.append({'relu': nn.ReLU(), 'softmax': nn.Softmax(dim=-1), 'tanh': nn.Tanh()}[activation])
        return self
    def forward(self, x):
        for i, l in enumerate(self.layers): x = l(x)
        return x
    def fit(self, x, y, epochs=1): pass
    def compile(self, optimizer='adam', loss='sparse_categorical_crossentropy'): self.optimizer = optimizer

model = Sequential(input_shape=(1, 8, 8))
model.add('Conv2D', 4, 3, activation='relu')
model.add('MaxPooling2D', 2)
model.add('Flatten')
model.add('Dense', 10, activation='relu')
model.add('Dense', 3, activation='softmax')
model.compile(optimizer='adam')
