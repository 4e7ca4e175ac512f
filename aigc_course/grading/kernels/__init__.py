"""Kernels forked from a process that has imported everything, and a sandbox for those that run a stranger's code.

`provisioner.WarmProvisioner` gives any Jupyter tool the warm kernel; `sandbox.SandboxedKernel` is the grader's.
"""
