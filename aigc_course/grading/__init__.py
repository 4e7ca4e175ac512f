"""Grading: kernels that start warm and run strangers' code, and what is built on them."""
