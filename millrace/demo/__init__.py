"""The demo: the whole line on this machine, from a real broker to escalated alerts, ending by itself.

alerts   what is sent: generated alerts, and a few lines that are none
line     broker, topics, bundle and worker, started in order and stopped in reverse
tally    what came out at the far end
view     the screen, and the summary
"""
