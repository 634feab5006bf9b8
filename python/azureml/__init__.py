"""The names of Azure Machine Learning's SDK v1, for scripts written to it; what they do is `muster`'s."""
