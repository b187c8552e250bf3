"""Batch jobs: a program over the rows of a data set, on Ray Data.

A job's folder is its truth. The driver plans shards, a pool of workers computes them, and each finished shard
is an entry in a ledger: whoever is killed, the next driver does what the ledger lacks, and adds up in the
shards' order, so the result is the undisturbed one.
"""
