"""The learnt label of promises: of what it is made, and what it tells of answers that it was not made of."""

import sys
from pathlib import Path

import pytest

from tdxwhy.review.features import Standing, features
from tdxwhy.review.learnt import promise, promising

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def learn(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import learn

    yield learn
    sys.modules.pop("learn", None)


def test_the_weights_are_those_of_the_passages(learn):
    made, shipped = learn.learn(learn.passages()), promise()
    assert made.weights.keys() == shipped.weights.keys()
    assert made.start == pytest.approx(shipped.start, abs=0.02)
    assert all(made.weights[name] == pytest.approx(weight, abs=0.02) for name, weight in shipped.weights.items())


def test_a_thread_left_out_is_labelled_by_the_others(learn):
    known = learn.passages()
    thread = "snphost-rmp-restore"
    label = learn.learn([one for one in known if one.thread != thread])
    told = [(learn.promises(label, one), any(one.promise)) for one in known if one.thread == thread]
    assert sum(says and is_one for says, is_one in told) >= 0.8 * sum(is_one for _, is_one in told)
    assert sum(says and not is_one for says, is_one in told) <= 1


@pytest.mark.parametrize(
    "answer",
    [
        ["Ugh, yes.", "Will be a bitmap in the respin."],
        ["Both folded into 2/7."],
        ["The resume path never had it.", "I'll teach it."],
        ["A spinlock, then."],
    ],
)
def test_an_answer_that_promises_is_likely_to(answer):
    assert promising(answer, "request")[1] > 0


@pytest.mark.parametrize(
    "answer",
    [
        ["The bus does not know about it.", "Only the bridge does, and it is off by then."],
        ["That would not compile on s390."],
        ["Because the chip has no such bit, sadly."],
        ["Which of the two?"],
    ],
)
def test_an_answer_that_explains_is_not(answer):
    assert promising(answer, "request")[1] < promise().threshold


def test_subjects_are_no_features():
    standing = Standing("request", 0, 1, "")
    assert features("The dog will bark.", standing) == features("The cat will purr.", standing)
    assert features("", standing) == features("Thanks!", standing)
