"""The command line. It loads a command's module when that command is called, and nothing else."""

from typing import Final

__version__: Final = "0.1.0"
