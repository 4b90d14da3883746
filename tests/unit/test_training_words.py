"""What words say to technique guesses: their rarity, and the stem that they share with others."""

import numpy as np
import pytest
import scipy.sparse as sparse

from enrich.errors import CorpusRefused
from enrich.vocabulary import Part, Vocabulary
from training.evidence import evidence
from training.rarity import vectorizer
from training.stems import stem, stems

RULES = [f"Detects {word} dumping" for word in ("memory", "memory", "secrets", "secrets")]
SENTENCES = [f"The malware can {word}" for word in ("sleep", "sleep", "secrets dumping")] * 30


def weight(found: object, word: str) -> float:
    return float(found.idf_[found.vocabulary_[word]])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "forms", [("dump", "dumping", "dumped", "dumps"), ("encrypt", "encrypted", "encryption", "encrypts")]
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize("word", ["bits", "used", "rate", "lsass", "t1003"])
def test_of_a_word_at_least_four_letters_are_left(word: str) -> None:
    assert len(stem(word)) >= 4


def test_pairs_share_a_stem_word_by_word() -> None:
    found = stems(["dumping memory", "dumped memory", "memory dumping"]).toarray()
    assert found.shape == (3, 2)
    assert (found[0] == found[1]).all()
    assert (found[0] != found[2]).any()
    assert (found.sum(axis=1) == 1).all()


def test_a_word_that_every_rule_of_a_source_has_says_little_however_rare_it_is_elsewhere() -> None:
    texts = RULES + SENTENCES
    plain = vectorizer(texts)
    found = vectorizer(texts, ["rule one"] * len(RULES) + ["procedure attack"] * len(SENTENCES))
    assert weight(plain, "detects") > weight(plain, "sleep")
    assert weight(found, "detects") < weight(found, "sleep")
    assert weight(found, "memory") == pytest.approx((np.log(95 / (1 + 94 / 2)) + 1) ** 1.3)


def test_texts_of_no_group_do_not_change_what_is_rare() -> None:
    groups = ["rule one"] * len(RULES) + [""] * len(SENTENCES)
    found = vectorizer(RULES + SENTENCES, groups)
    assert weight(found, "sleep") > weight(found, "memory") > weight(found, "detects")


def test_words_are_read_in_serving_with_the_bits_of_training() -> None:
    found = vectorizer(RULES + SENTENCES, ["rule one"] * len(RULES) + ["procedure attack"] * len(SENTENCES))
    vocabulary = Vocabulary((Part(0, found, 1.0),))
    for text, read in zip(RULES, vocabulary.read(RULES), strict=True):
        row = found.transform([text]).sorted_indices()
        assert read.columns.tolist() == row.indices.tolist()
        assert read.weights.tobytes() == row.data.tobytes()


def test_texts_without_a_word_in_two_of_them_are_refused() -> None:
    with pytest.raises(CorpusRefused, match="no word stands in two of 2 texts"):
        vectorizer(["one", "two"])
    with pytest.raises(CorpusRefused, match="that says anything"):
        vectorizer(["the one", "the two"])


def test_a_word_is_evidence_of_what_it_is_commoner_with() -> None:
    X = sparse.csr_matrix(np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]))
    Y = sparse.csr_matrix(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))
    found = evidence(X, Y, np.ones(4)).toarray()
    assert found[0, 0] == found[1, 1] > 0
    assert found[0, 1] == found[1, 0] == 0  # nothing speaks against
    assert found[2] == pytest.approx([0, 0])
    heavier = evidence(X, Y, np.array([9.0, 9.0, 1.0, 1.0])).toarray()
    assert heavier[1, 1] > found[1, 1]  # rarer among all, and as common with its technique


def test_what_few_texts_say_is_believed_less() -> None:
    Y = sparse.csr_matrix(np.array([[1.0, 0.0]] * 50 + [[0.0, 1.0]]))
    X = sparse.csr_matrix(np.array([[1.0, 0.0]] * 50 + [[0.0, 1.0]]))
    found = evidence(X, Y, np.ones(51)).toarray()
    assert np.log(51) > found[1, 1]
    assert found[1, 1] < np.log(51) / 5
