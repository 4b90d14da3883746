"""Which of the private keys kept here signs."""

from pathlib import Path

from enrich.errors import SettingsWrong
from models.keys import SigningKey, Trust, load_key, private_ids, private_path


def chosen_key(keys_dir: Path, trusted: Trust, key_id: str | None = None) -> SigningKey:
    """Open the private key of this id; None: the only one that is kept here.

    trusted: for the comments, by which a person tells keys apart. Raises SettingsWrong in one line: none
    here, several to choose from, no such key.
    """
    held = private_ids(keys_dir)
    if not held:
        raise SettingsWrong(f"no private key in {keys_dir}: `millrace models keygen --comment 'your team'`")
    if key_id is None and len(held) > 1:
        raise SettingsWrong(
            f"{len(held)} private keys in {keys_dir}: choose with --key: {_told(held, trusted)}"
        )
    if key_id is not None and key_id not in held:
        raise SettingsWrong(f"no private key {key_id!r} in {keys_dir}: there are: {_told(held, trusted)}")
    return load_key(private_path(keys_dir, held[0] if key_id is None else key_id))


def _told(held: tuple[str, ...], trusted: Trust) -> str:
    comments = {key_id: key.comment for key_id, key in trusted.keys.items()}
    return ", ".join(
        f"{key_id} ({comments.get(key_id, 'not trusted here') or 'no comment'})" for key_id in held
    )
