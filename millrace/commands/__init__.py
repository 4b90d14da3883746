"""One module per command, named as it is. ``millrace.cli`` has the table and loads them one by one."""
