"""The shell: everything that touches Kafka, the clock and the environment. It decides nothing of an alert."""
