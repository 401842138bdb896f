"""A kernel's model read off its source: which operations it has, their steps, and what changes between two kernels."""
