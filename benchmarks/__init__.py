"""Side-by-side benchmarks: each prints ratios of two things measured in the same run, on the same machine.

What is compared does the same work on the same bytes; every input is made here, from a seed. `make bench`.
"""
