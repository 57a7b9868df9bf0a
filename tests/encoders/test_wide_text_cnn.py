import numpy as np

from tfnlp.encoders import WideTextCNN


def network(**settings):
    encoder = WideTextCNN(
        6,
        embedding_dim=3,
        filter_sizes=[1],
        filters=4,
        bag_dim=2,
        bag_ngrams=[2],
        bag_buckets=100,
        ngram_min_count=2,
        bag_idf=False,
        **settings,
    )
    encoder.build((None, None))
    return encoder


def test_the_wide_branch_is_a_bag_over_the_root_of_its_size():
    encoder = network(bag_gain=3.0)
    encoder.bag.set_vectors(np.array([[9, 9], [8, 8], [1, 0], [0, 2], [0, 0], [0, 0]], "float32"))
    ids = np.array([[2, 3, 2, 0]], "int32")
    # three tokens and two bigrams whose vectors are still zero: (2, 2) over the root of 5, three times
    np.testing.assert_allclose(encoder(ids)["pooled"][0, 4:], np.array([2, 2]) * 3 / 5**0.5, rtol=1e-6)
    encoder.adapt([np.array([[2, 3]]), np.array([[2, 3]])])  # (3, 2) is too rare now
    np.testing.assert_allclose(encoder(ids)["pooled"][0, 4:], np.array([2, 2]) * 3 / 4**0.5, rtol=1e-6)


def test_in_training_a_text_sees_one_branch_or_both():
    encoder = network(branch_dropout=0.6, dropout=0.0)
    encoder.bag.set_vectors(np.ones((6, 2), "float32"))
    ids = np.full((2000, 3), 2, "int32")
    pooled = np.asarray(encoder(ids, training=True)["pooled"])
    full = np.asarray(encoder(ids[:1])["pooled"])[0]
    deep, wide = (np.abs(pooled[:, part]).sum(axis=1) > 0 for part in (slice(0, 4), slice(4, 6)))
    assert full[:4].any()
    assert full[4:].any()
    assert (deep | wide).all()
    assert 0.25 < np.mean(~deep) < 0.35
    assert 0.25 < np.mean(~wide) < 0.35
