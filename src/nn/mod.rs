//! torch.nn, torch.nn.functional, torch.* and tensor methods as graph builders.
