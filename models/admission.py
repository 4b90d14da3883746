"""Who may be promoted: what the gates said of a bundle when it was trained, read from its signed manifest."""

from enrich.errors import BundleRefused
from models.manifest import Manifest


def admit(manifest: Manifest, bundle_id: str, override: str | None, in_force: str = "") -> None:
    """Raise BundleRefused when a gate failed, or none was passed, and no reason is given for going on.

    in_force: id of the bundle that would be replaced; empty: there is none, or a bootstrap one. The gates
    must have held the new one against it.

    A bootstrap bundle needs no gates: it stands in where there is nothing to lose, and production refuses it.
    """
    if override is not None:
        return
    failed = [gate for gate in manifest.gates if not gate.passed]
    if failed:
        more = f" ({len(failed) - 1} more: `millrace models show {bundle_id}`)" if len(failed) > 1 else ""
        raise BundleRefused(
            f"bundle {bundle_id}: gate {failed[0].name!r} failed: {failed[0].reason}{more}: train a better "
            "one, or promote it with --override REASON"
        )
    if not manifest.gates and not manifest.bootstrap:
        raise BundleRefused(
            f"bundle {bundle_id}: was put through no gates: train it with `millrace train`, or promote "
            "it with --override REASON"
        )
    if not manifest.bootstrap and in_force not in ("", bundle_id, manifest.champion):
        raise BundleRefused(
            f"bundle {bundle_id}: gates were judged against {manifest.champion or 'no bundle'}, in force is "
            f"{in_force}: train again, or promote it with --override REASON"
        )
