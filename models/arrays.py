"""Whether an ``.npz`` file can be opened within the memory that it takes itself.

A signature says who wrote a file, not that it is sane. An npz is a zip archive: a member can unpack to a
thousand times its size, and an array's header can claim any shape. Both are looked at before anything is
allocated for them.
"""

import io
import math
import zipfile
from typing import Final

import numpy as np

_SUFFIX: Final = ".npy"
# What numpy.savez writes for arrays of numbers.
_VERSION: Final = (1, 0)


def check_arrays(content: bytes) -> None:
    """Raise ValueError: no archive, compressed, an array larger than its bytes, or of something else.

    What ``numpy.savez`` writes is not compressed, so its members together are no longer than the file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if sum(each.file_size for each in members) > len(content):
                raise ValueError("its arrays are larger than the file")
            for each in members:
                if each.compress_type != zipfile.ZIP_STORED or each.compress_size != each.file_size:
                    raise ValueError(f"{each.filename!r} is compressed")
                if not each.filename.endswith(_SUFFIX):
                    raise ValueError(f"{each.filename!r} is no array")
                with archive.open(each) as file:
                    _check_array(each.filename, file.read())
    except ValueError:
        raise
    except zipfile.BadZipFile as error:
        raise ValueError(f"not an archive of arrays: {error}") from None
    except Exception as error:  # noqa: BLE001
        # Encrypted, of a later zip, nested without end: the parsers raise RuntimeError, NotImplementedError,
        # MemoryError and what else comes to them. All of it says the same of the file.
        raise ValueError(f"not an archive of plain arrays ({type(error).__name__})") from None


def _check_array(name: str, content: bytes) -> None:
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    if version != _VERSION:
        raise ValueError(f"{name!r} is of version {version} of the format, not {_VERSION}")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.kind not in "fiu":
        raise ValueError(f"{name!r} holds {dtype}, not numbers")
    held, claimed = len(content) - file.tell(), math.prod(shape) * dtype.itemsize
    if claimed != held:
        raise ValueError(f"{name!r} claims {claimed} bytes of numbers, {held} are there")
