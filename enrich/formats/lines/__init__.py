"""Lines of text: what ``line``, ``syslog``, ``keyvalue``, ``cef`` and ``leef`` are made of."""
