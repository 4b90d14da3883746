"""The settings that the embedded broker is started with."""

from worker.broker.properties import Listener, properties_text, server_properties

ALONE = server_properties(data="data", listeners=[Listener(9092)], controller=Listener(9093))


def three() -> dict[str, str]:
    voters = {node: Listener(9190 + node) for node in (1, 2, 3)}
    return server_properties(
        data="data", listeners=[Listener(9092)], controller=voters[2], node_id=2, voters=voters
    )


def test_every_address_is_loopback() -> None:
    for key in ("listeners", "advertised.listeners"):
        assert all("://127.0.0.1:" in address for address in ALONE[key].split(","))


def test_clients_are_not_sent_to_the_controller() -> None:
    assert ALONE["advertised.listeners"] == "PLAINTEXT://127.0.0.1:9092"


def test_topics_are_never_created_by_asking_for_them() -> None:
    assert ALONE["auto.create.topics.enable"] == "false"


def test_one_node_asks_for_one_replica_of_everything() -> None:
    replicas = {key: value for key, value in ALONE.items() if "replication.factor" in key or "isr" in key}
    assert set(replicas.values()) == {"1"}


def test_three_nodes_ask_for_three_replicas_two_in_sync() -> None:
    assert three()["offsets.topic.replication.factor"] == "3"
    assert three()["min.insync.replicas"] == "2"


def test_three_nodes_vote() -> None:
    assert three()["controller.quorum.voters"] == "1@127.0.0.1:9191,2@127.0.0.1:9192,3@127.0.0.1:9193"


def test_clients_are_told_another_address_where_a_proxy_stands_between() -> None:
    made = server_properties(
        data="data", listeners=[Listener(9092, told="127.0.0.1:19092")], controller=Listener(9093)
    )
    assert made["advertised.listeners"] == "PLAINTEXT://127.0.0.1:19092"
    assert made["listeners"].startswith("PLAINTEXT://127.0.0.1:9092,")


def test_a_tls_listener_is_one_more_entry_and_its_keystore_an_extra() -> None:
    both = [Listener(9092), Listener(9094, "TLS", "SSL")]
    keystore = {"listener.name.tls.ssl.keystore.location": "broker.p12"}
    made = server_properties(data="data", listeners=both, controller=Listener(9093), extra=keystore)
    assert made["advertised.listeners"] == "PLAINTEXT://127.0.0.1:9092,TLS://127.0.0.1:9094"
    assert "TLS:SSL" in made["listener.security.protocol.map"]
    assert made["listener.name.tls.ssl.keystore.location"] == "broker.p12"


def test_between_brokers_two_raw_records_and_64_kib_pass() -> None:
    assert int(ALONE["replica.fetch.max.bytes"]) >= 2 * 1024 * 1024 + 64 * 1024


def test_the_limit_of_a_record_is_left_to_the_topic() -> None:
    assert "message.max.bytes" not in ALONE


def test_java_reads_back_a_path_with_backslash_umlaut_and_emoji() -> None:
    assert properties_text({"a": "x\\ü\U0001f4a5"}) == "a=x\\\\\\u00fc\\ud83d\\udca5\n"
