"""Puts a finished file in its place, whole or not at all. Must not: overwrite anything."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def put_in_place(draft: Path, target: Path) -> None:
    """Give a draft its final name in the same folder; unlike a rename this fails where somebody was faster.

    File systems without hard links get the rename, after a look.

    Raises:
        OSError: the target is there already, or the folder is not ours.
    """
    try:
        os.link(draft, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        draft.rename(target)
