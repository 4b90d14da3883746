"""Settings: three sources, their order, what is said of a wrong one, and that each is documented."""

import re
from pathlib import Path

import pytest

from enrich.errors import SettingsWrong
from worker.settings import Settings, load_settings
from worker.settings_table import table

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no setting in the environment."""
    import os

    for name in os.environ:
        if name.upper().startswith("MILLRACE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wrong() -> list[str]:
    with pytest.raises(SettingsWrong) as raised:
        load_settings()
    return str(raised.value).splitlines()


def test_without_any_source_the_defaults_hold() -> None:
    settings = load_settings()
    assert (settings.group, settings.topic_raw, settings.batch_rows) == ("millrace", "alerts.raw", 1000)


def test_the_environment_goes_before_the_env_file_and_that_before_toml(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty / "millrace.toml").write_text('group = "toml"\nsource = "toml"\nzone = "Europe/Vienna"\n')
    (empty / ".env").write_text("MILLRACE_GROUP=file\nMILLRACE_SOURCE=file\n")
    monkeypatch.setenv("MILLRACE_GROUP", "environment")
    settings = load_settings()
    assert (settings.group, settings.source, settings.zone) == ("environment", "file", "Europe/Vienna")


def test_the_toml_file_may_stand_elsewhere(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = empty / "etc" / "triage.toml"
    elsewhere.parent.mkdir()
    elsewhere.write_text('bootstrap = ["a:9092", "b:9093"]\n')
    monkeypatch.setenv("MILLRACE_CONFIG", str(elsewhere))
    assert load_settings().bootstrap == ("a:9092", "b:9093")


def test_the_env_file_may_say_where_the_toml_file_stands(empty: Path) -> None:
    (empty / "x.toml").write_text('group = "x"\n')
    (empty / ".env").write_text("MILLRACE_CONFIG=x.toml\n")
    assert load_settings().group == "x"


def test_a_list_in_the_environment_is_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_BOOTSTRAP", "a:9092, b:9092")
    monkeypatch.setenv("MILLRACE_NETWORKS", "192.0.2.0/24")
    settings = load_settings()
    assert (settings.bootstrap, settings.networks) == (("a:9092", "b:9092"), ("192.0.2.0/24",))


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_GROUP", "")
    assert load_settings().group == "millrace"


def test_other_programs_variables_are_none_of_ours(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty / ".env").write_text("POSTGRES_PASSWORD=x\nDEMO_KEEP=1\n")
    monkeypatch.setenv("DEMO_KEEP", "1")
    assert load_settings().group == "millrace"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().group = "other"  # type: ignore[misc]


def test_the_state_directory_holds_bundles_keys_trust_and_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_STATE", "/srv/millrace")
    settings = load_settings()
    places = (settings.bundle_dir, settings.trust_dir, settings.keys_dir, settings.broker_dir)
    assert [str(place) for place in places] == [
        f"/srv/millrace/{name}" for name in ("bundles", "trust", "keys", "broker")
    ]


def test_an_unknown_name_is_named_with_the_nearest_known_one_in_each_source(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILLRACE_GRUOP", "x")
    (empty / ".env").write_text("MILLRACE_ZON=UTC\n")
    (empty / "millrace.toml").write_text("batch_row = 5\n")
    assert wrong() == [
        "unknown setting MILLRACE_GRUOP (environment); did you mean MILLRACE_GROUP?",
        "unknown setting MILLRACE_ZON (.env); did you mean MILLRACE_ZONE?",
        "unknown setting batch_row (millrace.toml); did you mean batch_rows?",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BATCH_ROWS", "many"),
        ("BATCH_ROWS", "0"),
        ("BOOTSTRAP", "kafka"),
        ("BOOTSTRAP", "kafka:9092,:9092"),
        ("TOPIC_RAW", "alerts raw"),
        ("GROUP", "a/b"),
        ("NETWORKS", "10.0.0.1/8"),
        ("ZONE", "Mars/Olympus"),
        ("ENV", "prod"),
        ("LOG_FORMAT", "xml"),
        ("STATE", "~nobody-of-that-name/x"),
        ("SECURITY_PROTOCOL", "TLS"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_setting_and_source(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MILLRACE_{name}", value)
    lines = wrong()
    assert len(lines) == 1
    assert lines[0].startswith(f"MILLRACE_{name} (environment): ")


def test_every_wrong_value_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_BATCH_ROWS", "many")
    monkeypatch.setenv("MILLRACE_ZONE", "Mars")
    assert len(wrong()) == 2


def test_two_topics_may_not_have_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_TOPIC_RAW", "alerts.dead")
    assert wrong() == ["two topics have the same name"]


def test_sasl_needs_a_name_and_the_file_of_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_SECURITY_PROTOCOL", "SASL_SSL")
    assert wrong() == ["security_protocol SASL_SSL needs sasl_username and sasl_password_file"]


def test_a_toml_file_that_is_none_is_named(empty: Path) -> None:
    (empty / "millrace.toml").write_text("group = \n")
    assert wrong()[0].startswith("millrace.toml cannot be read: ")


def test_a_config_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_CONFIG", "/nowhere/millrace.toml")
    assert wrong() == ["MILLRACE_CONFIG names /nowhere/millrace.toml, which is no file"]


def test_a_password_in_the_wrong_place_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_SASL_PASSWORD", "hunter2")
    assert wrong() == [
        "unknown setting MILLRACE_SASL_PASSWORD (environment); did you mean MILLRACE_SASL_PASSWORD_FILE?"
    ]


def test_every_setting_is_in_the_documentation_as_the_command_prints_it() -> None:
    assert table() in DOCS.read_text("utf-8"), (
        "python -m worker.settings_table prints what docs/settings.md lacks"
    )


def test_the_documentation_names_no_setting_that_does_not_exist() -> None:
    known = {f"MILLRACE_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"MILLRACE_[A-Z_]*[A-Z]", DOCS.read_text("utf-8")))
    assert named - known == {"MILLRACE_CONFIG", "MILLRACE_TRACEBACK"}
