"""What is promoted: read, proved and opened, and how to see cheaply that something has changed."""

import os
from concurrent.futures import wait
from pathlib import Path
from typing import Final

from threadpoolctl import threadpool_limits

from enrich.errors import BundleRefused
from enrich.score import Models
from models import Promotion, Store, trusted_keys
from models.bundle import opened, signed_manifest
from models.promotion import record_sequence
from models.records import PROMOTIONS
from worker.aside import aside
from worker.current import Noted, Promoted
from worker.settings import Settings

# Below the directory of bundles lie bundles, and in them files.
DEPTH: Final = 1
# Whoever starts waits for no file system that hangs. The largest bundle allowed (1 GiB) takes a minute from a
# slow disk.
START_S: Final = 300.0
NOTHING: Final = Noted()


def promotion(settings: Settings, *seen: Noted) -> Promotion:
    """Return what is promoted; of the bundle nothing is read.

    Raises BundleRefused, also when it is older than what was seen, or has its number and another bundle, as
    after a store was restored, or written in two copies; SettingsWrong: a trusted key that is none.
    """
    trusted = trusted_keys(settings.trust_dir, settings.production)
    at_least = max((each.sequence for each in seen), default=0)
    found = Store(settings.bundle_dir, settings.source).current(trusted, settings.production, at_least)
    for each in seen:
        if each.sequence == found.sequence and each.bundle_id not in ("", found.bundle_id):
            raise BundleRefused(
                f"{settings.bundle_dir}: two promotions {found.sequence}: of {found.bundle_id} here, of "
                f"{each.bundle_id} as this group has seen it: promote again with --after {found.sequence}: "
                f"`millrace models promote ID --why … --after {found.sequence}`"
            )
    return found


def check_signed(settings: Settings, of: Promotion) -> None:
    """Raise BundleRefused unless the bundle is here, its manifest signed by a key that is trusted now."""
    trusted = trusted_keys(settings.trust_dir, settings.production)
    signed_manifest(
        Store(settings.bundle_dir, settings.source).path(of.bundle_id), trusted, settings.production
    )


def models(settings: Settings, of: Promotion, in_use: Models | None = None) -> Models:
    """Return the models of a promotion, their bundle verified and opened.

    in_use: given back where the bundle is the same, which is verified then, and not opened again.
    Raises BundleRefused, SettingsWrong.
    """
    trusted = trusted_keys(settings.trust_dir, settings.production)
    store = Store(settings.bundle_dir, settings.source)
    proved = store.verified(of, trusted, settings.production)
    if in_use is not None and in_use.bundle_id == proved.bundle_id:
        return in_use
    new = opened(proved, store.path(of.bundle_id))
    # Libraries that came with it have threads of their own, and a model's bits depend on their number.
    threadpool_limits(1)
    return new


def promoted(settings: Settings, seen: Noted = NOTHING, within_s: float = START_S) -> Promoted:
    """Return what is promoted with its models. Raises as ``promotion`` and ``models`` do.

    Raises BundleRefused, too, where it could not be read in this time.
    """

    def read() -> Promoted:
        found = promotion(settings, seen)
        return Promoted(models(settings, found), found.sequence)

    reading = aside(read, "bundles")
    if not wait([reading], within_s).done:
        raise BundleRefused(f"{slow(settings, within_s)}, and start again")
    threadpool_limits(1)  # OpenMP asks the thread, and this one may score
    return reading.result()


def slow(settings: Settings, seconds: float) -> str:
    """Return the line for a person: what does not answer, and what to do."""
    return (
        f"{settings.bundle_dir} or {settings.trust_dir}: no answer for {seconds:g} s: "
        "see to the file system that it lies on"
    )


def look(settings: Settings) -> object:
    """Return what changes when a promotion, a bundle or a trusted key does: some hundred stat calls."""
    return (
        _newest(settings.bundle_dir / PROMOTIONS),
        _listing(settings.bundle_dir, DEPTH, follow=False),
        _listing(settings.trust_dir, 0, follow=True),
    )


def _newest(directory: Path) -> object:
    """Return what changes when the promotion in force does, however many there are."""
    try:
        names = (name for name in os.listdir(directory) if record_sequence(name))
        newest = max(names, default="")
        found = (directory / newest).lstat()
    except OSError as error:
        return error.errno
    return newest, _of(found)


def _listing(directory: Path | str, depth: int, follow: bool) -> object:
    try:
        with os.scandir(directory) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        return error.errno
    return tuple((entry.name, _facts(entry, depth, follow)) for entry in found)


def _facts(entry: "os.DirEntry[str]", depth: int, follow: bool) -> object:
    try:
        # Among trusted keys links are followed: a mounted ConfigMap consists of them. Bundles are none, and
        # a link there may lead anywhere.
        found = entry.stat(follow_symlinks=follow)
        inside = depth and entry.name != PROMOTIONS and entry.is_dir(follow_symlinks=follow)
        below = _listing(entry.path, depth - 1, follow) if inside else None
    except OSError as error:
        return error.errno
    return _of(found), below


def _of(found: os.stat_result) -> object:
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
