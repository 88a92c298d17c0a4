//! The doors through which a network comes: PyTorch source, a whole pickled module; load_state_dict; the trace to a graph.
