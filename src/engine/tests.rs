//! The engine against torch: every operator on the numbers that `tests/oracle/ops.py` wrote.
