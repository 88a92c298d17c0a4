//! Runs a graph on a burn device. With `train`, the only place that knows burn.
