"""Settings of the property tests: no deadline (other work on the machine is no failure), seeds printed."""

from hypothesis import settings

settings.register_profile("millrace", deadline=None, print_blob=True)
settings.load_profile("millrace")
