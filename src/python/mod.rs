//! The Python subset in which networks are written: an evaluator over a closed world.
//!
//! There is no import, no file, no exec and no attribute into the host; steps, recursion and memory are bounded.
