"""What holds for all tests: one thread for linear algebra, and the settings of the property tests.

A fit of some hundred rows is cut into parts that wait for each other by spinning. On two cores that others
use, too, the same fits took 1.4 s of CPU with one thread and 23 s with two, and 20 times as long.
"""

import os

from tests import examples

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded; OpenBLAS reads it, too
examples.load()
