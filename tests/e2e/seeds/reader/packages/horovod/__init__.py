"""Stands for Horovod, which takes minutes to build: test_distributed_training.py has the real one."""
