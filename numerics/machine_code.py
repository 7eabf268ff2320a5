"""The decorator of every compiled kernel: numba's, with a cache on disk that cannot break a run.

numba trusts what it finds in its cache folder: a file that was cut short ends every later run in a traceback until
someone clears the folder. Here each cache file begins with the SHA-256 of its content, and each binary names the
signature that it belongs to. One that does not fit is compiled again and replaced, in silence; so is one of earlier
versions. A folder that cannot be written to costs the compilation only.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "arcp", "nsz"},  # True would break isnan
}
DIGEST = hashlib.sha256().digest_size


def compiled(kernel: Kernel) -> Kernel:
    """``njit`` with ``OPTIONS``, cached. What a kernel calls must be in its module, or imported by name at its top:
    a change there, or in what that imports, compiles it again."""
    dispatcher = njit(**OPTIONS)(kernel)
    with suppress(RuntimeError, OSError):  # no folder for a cache: it is compiled in each process
        dispatcher._cache = CheckedCache(kernel)
    return dispatcher  # type: ignore[no-any-return]


class CheckedFiles(IndexDataCacheFile):  # type: ignore[misc,unused-ignore]
    """numba's files, index and binaries, each with its digest in front."""

    def save(self, key: Any, data: Any) -> None:
        """The binary with the key that it belongs to: processes that start together may choose one name for two."""
        super().save(key, (key, data))

    def load(self, key: Any) -> Any:
        """None for what is not there, or belongs to another key."""
        found = super().load(key)
        return found[1] if found is not None and found[0] == key else None

    def _dump(self, obj: Any) -> bytes:
        content: bytes = super()._dump(obj)
        return hashlib.sha256(content).digest() + content

    def _load_index(self) -> Any:
        """Empty where there is none of this version and this source."""
        try:
            with Path(self._index_path).open("rb") as stream:
                if pickle.load(stream) != self._version:
                    return {}
                stamp, overloads = _checked(stream.read())
        except Exception:  # any bytes may be there
            return {}
        return overloads if stamp == self._source_stamp else {}

    def _load_data(self, name: str) -> Any:
        return _checked(Path(self._data_path(name)).read_bytes())


class CheckedCache(FunctionCache):  # type: ignore[misc,unused-ignore]
    """A cache that at worst does nothing."""

    def __init__(self, kernel: Callable[..., Any]) -> None:
        super().__init__(kernel)
        self.stamp = _stamp(kernel)
        self._cache_file = CheckedFiles(self._cache_path, self._impl.filename_base, self.stamp)

    @property
    def filled(self) -> bool:
        """Whether there is a binary of this source."""
        return bool(self._cache_file._load_index())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function; None for one that is not there, or is damaged."""
        with suppress(Exception):
            return super().load_overload(sig, target_context)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """For the next process; where that fails, it compiles again."""
        with suppress(Exception):
            super().save_overload(sig, data)


def _stamp(kernel: Callable[..., Any]) -> str:
    """A digest of the kernel's file, of the compiled functions that it has imported, and of how they are compiled."""
    caches = (getattr(value, "_cache", None) for value in kernel.__globals__.values())
    stamps = {cache.stamp for cache in caches if isinstance(cache, CheckedCache)}
    source = Path(kernel.__code__.co_filename).read_bytes()
    options = sorted(OPTIONS), sorted(OPTIONS["fastmath"])
    return hashlib.sha256(repr((source, sorted(stamps), options)).encode()).hexdigest()


def _checked(content: bytes) -> Any:
    """The object in a file of ours. ``ValueError`` if a bit of it has changed."""
    if hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
        raise ValueError("damaged")
    return pickle.loads(content[DIGEST:])
