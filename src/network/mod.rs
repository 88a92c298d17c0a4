//! The doors through which a network comes in: PyTorch source, whole modules.
