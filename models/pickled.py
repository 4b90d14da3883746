"""Models as bytes, and nothing else in them.

Models that were fitted alike, or read back alike, give the same bytes, in whatever process. One that was
fitted and its copy that was read back need not: which objects they share is written, too. Of equal strings
only one is written: which of them are one object hangs on what the process made before.

A node of a tree has 57 bytes of values in 64; what pads them is whatever lay in memory when the tree was read
from a file: of a trainer, perhaps an alert. So arrays of records are written from copies padded with zeros.
"""

import io
from typing import Any

import numpy as np
from joblib.numpy_pickle import NumpyPickler


class _Pickler(NumpyPickler):  # type: ignore[misc]
    """joblib's, which keeps arrays outside the pickle; with zeros for padding."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self._held: list[Any] = []  # what is written must live as long as the pickler's memo of it
        self._strings: dict[str, str] = {}

    def save(self, obj: Any, *args: Any, **named: Any) -> Any:
        """Write an object."""
        if type(obj) is np.ndarray and obj.dtype.names:
            clean = np.zeros(obj.shape, obj.dtype)
            for name in obj.dtype.names:
                clean[name] = obj[name]
            self._held += [obj, clean]
            obj = clean
        elif type(obj) is str:
            obj = self._strings.setdefault(obj, obj)
        return super().save(obj, *args, **named)


def dumped(value: Any) -> bytes:
    """Return what ``joblib.load`` reads."""
    file = io.BytesIO()
    _Pickler(file).dump(value)
    return file.getvalue()
