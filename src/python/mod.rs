//! The Python subset in which networks are written.
