"""The algorithms of a linear-chain conditional random field, one a file; `ConditionalRandomField` is their layer.

Everywhere `scores` is float32 `[batch, time, tags]`, time at least 1, and `mask` bool `[batch, time]` with padding on
the right. Rows may be empty.
"""
