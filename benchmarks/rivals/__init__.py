"""What else could do the worker's work. All with the same bundle, the same core and the same topics.

Fair means: each has the settings that somebody who knows its client would give it, all wait for acks from
every replica, none compresses, and where a rival is weaker than the worker in what it promises, its module
says so. None of them keeps history over a restart.
"""
