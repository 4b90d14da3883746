"""A context, models and raw records small enough for property tests; the models are real, fitted here."""

import tomllib
from functools import cache
from importlib.resources import files

import numpy as np
import orjson
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer

from enrich.address import DEFAULT_NETWORKS
from enrich.attack import load_attack
from enrich.context import Context
from enrich.features import ANOMALY_COLUMNS
from enrich.formats import Formats, packaged_mappings
from enrich.heads import Head
from enrich.pipeline import PartitionState, prepare
from enrich.policy import Policy
from enrich.record import RawRecord
from enrich.score import ANY, Models
from enrich.vocabulary import WHOLE, Part, Vocabulary

T0 = 1_763_700_000_000


@cache
def context(policy: str = "", partitions: int = 1, raw_limit: int = 1_048_576) -> Context:
    text = policy or files("enrich").joinpath("policy.toml").read_text()
    return Context(
        source="test",
        partitions=partitions,
        bundle_id="tiny",
        bootstrap=True,
        formats=Formats.of(packaged_mappings()),
        attack=load_attack(),
        networks=DEFAULT_NETWORKS,
        policy=Policy.parse(tomllib.loads(text)),
        raw_limit=raw_limit,
    )


def suricata(i: int = 0, **changes: object) -> bytes:
    """One EVE alert; every i another time, source and rule."""
    moment = T0 // 1000 + i * 7
    stamp = f"{np.datetime64(moment, 's')}.{i % 1000:03}000+0000"
    doc: dict[str, object] = {
        "timestamp": stamp,
        "event_type": "alert",
        "src_ip": f"203.0.113.{i % 5 + 1}",
        "src_port": 40_000 + i,
        "dest_ip": f"10.1.0.{i % 3 + 1}",
        "dest_port": (22, 80, 443, 3389)[i % 4],
        "proto": "TCP",
        "alert": {
            "action": "allowed",
            "gid": 1,
            "signature_id": 2_000_000 + i % 6,
            "rev": 1,
            "signature": f"SCAN inbound connection rate variant {i % 6}",
            "category": "Attempted Information Leak",
            "severity": i % 3 + 1,
        },
    }
    return orjson.dumps({**doc, **changes})


def wazuh(i: int = 0) -> bytes:
    stamp = f"{np.datetime64(T0 // 1000 + i * 7, 's')}.000+0000"
    return orjson.dumps(
        {
            "timestamp": stamp,
            "rule": {
                "id": str(5710 + i % 4),
                "level": 3 + i % 9,
                "description": f"sshd: authentication failed, kind {i % 4}",
                "groups": ["syslog", "sshd"],
            },
            "agent": {"id": f"00{i % 3 + 1}", "name": f"web{i % 3}", "ip": f"10.1.0.{i % 3 + 1}"},
            "manager": {"name": "wazuh"},
            "id": f"{T0 // 1000}.{i}",
            "decoder": {"name": "sshd"},
            "data": {"srcip": f"198.51.100.{i % 9}", "srcuser": "root"},
            "full_log": "sshd[12]: Failed password for root",
            "location": "/var/log/auth.log",
        }
    )


def mapped(i: int = 0) -> bytes:
    stamp = f"{np.datetime64(T0 // 1000 + i * 7, 's')}+00:00"
    return orjson.dumps(
        {
            "ts": stamp,
            "detector": "AMiner",
            "name": f"New request method {i % 3}.",
            "ip": f"10.1.0.{i % 3 + 1}",
            "host": f"web{i % 3}",
            "code": f"A-Acc-{i % 3}",
        }
    )


def line(i: int) -> bytes:
    """A mix of the formats, with a broken line now and then."""
    return (suricata, wazuh, mapped)[i % 3](i) if i % 11 else b"not json %d" % i


def records(values: list[bytes | None], partition: int = 0, first: int = 0) -> list[RawRecord]:
    return [
        RawRecord("alerts.raw", partition, first + i, T0 + 86_400_000 + i, None, value)
        for i, value in enumerate(values)
    ]


@cache
def models() -> Models:
    """Fitted on 300 lines: knows nothing, but is real."""
    batch = prepare(records([line(i) for i in range(300)]), {0: PartitionState()}, context())
    y = np.array([(row.alert.severity_id or 2) for row in batch.rows])
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), max_features=60)
    dense = vectorizer.fit_transform(batch.texts).toarray().astype(np.float32)
    forest = RandomForestClassifier(n_estimators=20, max_depth=8, random_state=1, n_jobs=1)
    forest.fit(np.hstack([dense, batch.X]), y)
    trees = IsolationForest(n_estimators=20, random_state=1, n_jobs=1).fit(batch.X[:, ANOMALY_COLUMNS])
    steps = np.linspace(0, 1, 101)
    filled = np.nan_to_num(batch.X.astype(np.float64))
    head = Head(
        label_source="tiny",
        vocabulary=Vocabulary((Part(WHOLE, vectorizer, 1.0),)),
        severity=forest,
        calibration_x=np.array([0.0, 1.0]),
        calibration_y=np.array([0.3, 0.95]),
        known_share_min=0.5,
    )
    return Models(
        heads=(head,),
        formats={ANY: "tiny"},
        anomaly=trees,
        anomaly_reference=np.quantile(
            -trees.score_samples(batch.X[:, ANOMALY_COLUMNS]), np.linspace(0, 1, 1001)
        ),
        feature_quantiles=np.quantile(filled, steps, axis=0).T,
        missing_share=np.isnan(batch.X).mean(axis=0),
        bundle_id="tiny",
        bootstrap=True,
    )
