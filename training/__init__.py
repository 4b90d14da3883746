"""The training side: from labelled alerts to a signed bundle. Loaded by training commands only."""
