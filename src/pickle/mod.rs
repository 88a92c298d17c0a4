//! Python's pickle, protocols 0 to 5, as data.

pub mod object;
