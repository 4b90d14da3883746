"""The fault ledger: harm done to a real cluster and real workers, and what is counted at the far end.

``python -m tests.faults`` runs it. lines -> feed -> (cluster, crew, proxy; faults do harm) -> far_end ->
counting, beside reference -> ledger. far_end and counting share no code with the worker.
"""
