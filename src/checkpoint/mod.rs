//! torch.save files: containers, tensors, state_dicts, optimizer states.
