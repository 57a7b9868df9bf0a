import json
import math

import keras
import numpy as np
import pytest

from tfnlp.tasks import MulticlassHinge, MultilabelHinge, SmoothedCrossEntropy, classification_loss

LOGITS = np.array([[2.0, 0.0, -1.0], [0.0, 0.0, 0.0]], "float32")


def test_cross_entropy_by_hand():
    # softmax of three equal logits is 1/3 each: log 3 nats, whatever the smoothing
    for smoothing in (0.0, 0.3):
        losses = SmoothedCrossEntropy(smoothing, reduction=None)([1, 1], LOGITS)
        assert float(losses[1]) == pytest.approx(math.log(3), rel=1e-6)
    log_sum = math.log(math.exp(2) + 1 + math.exp(-1))
    smoothed = 0.9 * (log_sum - 2.0) + 0.1 / 3 * (3 * log_sum - (2.0 + 0.0 - 1.0))
    assert float(SmoothedCrossEntropy(0.1, reduction=None)([0, 1], LOGITS)[0]) == pytest.approx(
        smoothed, rel=1e-6
    )


def test_smoothing_equals_keras_on_one_hot_targets():
    expected = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)(
        np.eye(3)[[2, 0]], LOGITS
    )
    assert float(SmoothedCrossEntropy(0.2)([2, 0], LOGITS)) == pytest.approx(float(expected), rel=1e-6)


def test_class_numbers_may_come_as_a_column():
    assert float(SmoothedCrossEntropy()([[0], [1]], LOGITS)) == float(SmoothedCrossEntropy()([0, 1], LOGITS))


def test_hinge_by_hand():
    losses = MulticlassHinge(reduction=None)([1, 1], LOGITS)
    np.testing.assert_allclose(losses, [3.0, 1.0])  # 1 + 2 - 0; 1 + 0 - 0
    np.testing.assert_allclose(MulticlassHinge(reduction=None)([0, 0], LOGITS), [0.0, 1.0])  # 1 + 0 - 2 < 0


def test_multilabel_hinge_by_hand():
    losses = MultilabelHinge(reduction=None)(np.array([[1, 0, 0]]), LOGITS[:1])
    np.testing.assert_allclose(losses, [(0 + 1 + 0) / 3])


@pytest.mark.parametrize("loss", [SmoothedCrossEntropy(0.1), MulticlassHinge(), MultilabelHinge()])
def test_config_round_trip(loss):
    config = json.loads(json.dumps(loss.get_config()))
    assert type(loss).from_config(config).get_config() == loss.get_config()


def test_what_a_recipe_may_ask_for():
    assert isinstance(classification_loss("hinge"), MulticlassHinge)
    assert isinstance(classification_loss("hinge", multi_label=True), MultilabelHinge)
    assert isinstance(classification_loss(multi_label=True), keras.losses.BinaryCrossentropy)
    with pytest.raises(ValueError, match="`loss` must be one of"):
        classification_loss("focal")
    with pytest.raises(ValueError, match="label_smoothing"):
        classification_loss("hinge", label_smoothing=0.1)
    with pytest.raises(ValueError, match=r"\[0, 1\)"):
        SmoothedCrossEntropy(1.0)
