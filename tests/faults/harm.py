"""What is done to the line while the feed runs: a function for each harm, from the scene alone."""

import time
from typing import Any, Final

from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from tests.faults import far_end
from tests.faults.cluster import USER
from tests.faults.scene import Scene

OUTAGE_S: Final = 30.0
DELAY_S: Final = 0.3
# Below what an event with a large payload needs, above what an ordinary one does.
SMALL_LIMIT: Final = 16_384


def undisturbed(scene: Scene) -> None:
    """No harm: what the harness itself shows when nothing is done."""
    scene.sleep(1, 2)
    scene.struck(frozenset())


def worker_killed(scene: Scene) -> None:
    for _ in scene.rounds(3, 8):
        # Now and then two at once: then the partitions of both have nobody until one is back.
        for _ in range(2 if scene.chance.random() < 0.25 else 1):
            if (found := scene.one_worker()) is not None:
                scene.crew.kill(found[0])
                scene.struck(found[1])


def worker_told_to_stop(scene: Scene) -> None:
    for _ in scene.rounds(3, 8):
        if (found := scene.one_worker()) is not None:
            scene.crew.terminate(found[0])
            scene.struck(found[1])


def join_and_leave(scene: Scene) -> None:
    """The group's size goes between 1 and 5."""
    for _ in scene.rounds(3, 7):
        wanted = [worker for worker in scene.crew.workers if worker.wanted]
        if len(wanted) < 2 or (len(wanted) < 5 and scene.chance.random() < 0.5):
            scene.crew.join()
        else:
            scene.crew.leave(scene.chance.choice(wanted))
        scene.struck()


def stopped_and_continued(scene: Scene) -> None:
    for _ in scene.rounds(2, 5):
        if (found := scene.one_worker()) is not None:
            scene.crew.pause(found[0])
            scene.struck(found[1])
            scene.sleep(1.3 * scene.session_s, 2.0 * scene.session_s)
            scene.crew.resume(found[0])


def broker_killed(scene: Scene) -> None:
    for _ in scene.rounds(2, 6):
        node = scene.cluster.nodes[scene.one_node()]
        node.kill()
        scene.struck()
        scene.sleep(1, 12)
        node.start()
        scene.cluster.settle()


def rolling_restart(scene: Scene) -> None:
    scene.sleep(2, 4)
    for node in scene.cluster.nodes.values():
        node.stop()
        scene.struck()
        scene.sleep(0.5, 2)
        node.start()
        scene.cluster.settle()


def all_brokers_down(scene: Scene) -> None:
    scene.sleep(3, 6)
    scene.cluster.kill_all()
    time.sleep(OUTAGE_S)
    scene.cluster.start_all()
    scene.struck()
    scene.cluster.settle()


def connections_cut(scene: Scene) -> None:
    for _ in scene.rounds(2, 5):
        scene.cluster.proxies.cut()
        if scene.chance.random() < 0.4:
            scene.cluster.proxies.refuse(True)
            scene.sleep(1, 5)
            scene.cluster.proxies.refuse(False)
        scene.struck()


def network_silent(scene: Scene) -> None:
    for _ in scene.rounds(3, 6):
        scene.cluster.proxies.silence(True)
        scene.sleep(0.7 * scene.session_s, 2.0 * scene.session_s)
        scene.cluster.proxies.silence(False)
        scene.struck()


def assignment_silent(scene: Scene) -> None:
    """A kill makes two assignments: when the worker comes back, and when the dead member is put out."""
    for _ in scene.rounds(3, 6):
        if (found := scene.one_worker()) is not None:
            scene.crew.kill(found[0])
        scene.sleep(0.5, 8.0)
        scene.cluster.proxies.silence(True)
        scene.sleep(0.7 * scene.session_s, 2.0 * scene.session_s)
        scene.cluster.proxies.silence(False)
        scene.struck()


def network_delayed(scene: Scene) -> None:
    for _ in scene.rounds(2, 4):
        scene.cluster.proxies.delay(DELAY_S)
        scene.struck()
        scene.sleep(5, 10)
        scene.cluster.proxies.delay(0.0)


def coordinator_moved(scene: Scene) -> None:
    for _ in scene.rounds(3, 7):
        scene.cluster.move_coordinator(scene.group)
        scene.struck()


def coordinator_killed(scene: Scene) -> None:
    for _ in scene.rounds(2, 6):
        node = scene.cluster.nodes[scene.cluster.coordinator(scene.group)]
        node.kill()
        scene.struck()
        scene.sleep(1, 12)
        node.start()
        scene.cluster.settle()


def marked_alerts(scene: Scene) -> None:
    """The harm is in the feed: alerts that this run's core or model cannot stand."""
    scene.sleep(1, 2)


def topic_missing(scene: Scene) -> None:
    """The topic's records are read before it is deleted, and nothing new may come between."""
    scene.sleep(3, 6)
    scene.feed.pause()
    scene.wait_drained()
    topic = scene.topics["enriched"]
    place = scene.cluster.bootstrap()
    scene.before.extend(far_end.output(place, topic, "enriched", scene.topics["raw"], reading=0))
    with scene.cluster.admin() as admin:
        (old,) = admin.describe_topics([topic])
        admin.delete_topics([topic])
        scene.feed.resume()
        scene.sleep(6, 14)
        admin.create_topics(
            {
                topic: {
                    "num_partitions": len(old["partitions"]),
                    "replication_factor": len(old["partitions"][0]["replica_nodes"]),
                    "configs": {"max.message.bytes": "2162688", **far_end.APPENDED},
                }
            }
        )
    scene.struck()


def no_permission(scene: Scene) -> None:
    for _ in scene.rounds(2, 4):
        rules = _rules(scene.topics["enriched"])
        with scene.cluster.admin() as admin:
            admin.create_acls(rules)
        scene.sleep(4, 9)
        with scene.cluster.admin() as admin:
            admin.delete_acls(rules)
        scene.struck()


def _rules(topic: str) -> list[Any]:
    pattern = ResourcePattern(ResourceType.TOPIC, topic)
    user = f"User:{USER}"
    return [
        ACL(user, "*", ACLOperation.ALL, ACLPermissionType.ALLOW, pattern),
        ACL(user, "*", ACLOperation.WRITE, ACLPermissionType.DENY, pattern),
    ]


def refused_as_too_large(scene: Scene) -> None:
    for _ in scene.rounds(2, 4):
        scene.configure(scene.topics["enriched"], max_message_bytes=str(SMALL_LIMIT))
        scene.sleep(4, 8)
        scene.configure(scene.topics["enriched"], max_message_bytes="2162688")
        scene.struck()
