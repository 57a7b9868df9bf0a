"""Hierarchical softmax: a word is told by the yes-or-no answers on its way down a Huffman tree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfnlp.embeddings.word2vec.curvature_steps import descend_rows_by_curvature
from tfnlp.embeddings.word2vec.huffman import HuffmanTree, huffman_tree

# Inner nodes that at least one word in so many passes are the head, computed for every hidden row. More of them
# cost every row a product, fewer are looked up and moved again for each word that passes them.
HEAD_ONE_IN = 64


class HierarchicalSoftmax:
    """The loss of a pair is -log of the product of the answers' probabilities along the target's path.

    At an inner node with row n the way with code 1 has probability sigmoid(h . n). The rows near the root are
    passed by most words: they meet all hidden rows in one matrix product, and all the targets of a hidden row count
    at once. The rest of a path, the tail, is gathered word by word; a frequent word has none.

    Args:
        counts: int64 `[words]`, how often each word stands in the corpus.
        dimension: int, width of the vectors.

    Reference:
        Morin and Bengio, 2005, https://proceedings.mlr.press/r5/morin05a.html; the Huffman tree: Mikolov et al.,
        2013, section 2.1, https://arxiv.org/abs/1310.4546
    """

    # The paths' lengths differ: a step's shapes hang on its words.
    compilable = False

    def __init__(self, counts: np.ndarray, dimension: int):
        tree = huffman_tree(counts)
        self.table = tf.Variable(tf.zeros([len(tree.node_counts), dimension]), trainable=False)
        self.head = int(np.count_nonzero(tree.node_counts * HEAD_ONE_IN >= tree.node_counts[0]))
        ways, way_of_word = _ways_through_the_head(tree, self.head)
        self._ways = tf.constant(ways)
        self._way_of_word = tf.constant(way_of_word)
        in_tail = tree.nodes >= self.head
        self._tail_nodes = tf.constant(tree.nodes[in_tail])
        self._tail_codes = tf.constant(tree.codes[in_tail].astype(np.float32))
        lengths = np.add.reduceat(in_tail.astype(np.int64), tree.splits[:-1])
        self._tail_starts = tf.constant(np.cumsum(lengths) - lengths, tf.int32)
        self._tail_lengths = tf.constant(lengths, tf.int32)

    @property
    def variables(self) -> list[tf.Variable]:
        """The rows of the inner nodes, float32 `[words - 1, dimension]`, the root first."""
        return [self.table]

    def draw(self, generator: np.random.Generator, steps: int, blocks: int) -> np.ndarray:
        """Nothing is random here."""
        return np.zeros((steps, blocks, 0), np.int32)

    def step(
        self,
        hidden: tf.Tensor,
        targets: tf.Tensor,
        weights: tf.Tensor,
        drawn: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> tuple[Callable[[], tf.Tensor], tf.Tensor]:
        """One descent; see `Objective`."""
        tail = self._banded_tail if weights.shape.rank == 3 else self._paired_tail
        head_loss, head_d_hidden, head_gradients, head_curvatures = self._head(hidden, targets, weights)
        tail_loss, tail_d_hidden, nodes, gradients, curvatures = tail(hidden, targets, weights)
        descend_rows_by_curvature(
            self.table,
            tf.concat([tf.range(self.head), nodes], 0),
            tf.concat([head_gradients, gradients], 0),
            tf.concat([head_curvatures, curvatures], 0),
            learning_rate,
        )
        return lambda: head_loss + tail_loss, head_d_hidden + tail_d_hidden

    def _head(self, hidden, targets, weights):
        """All hidden rows against the nodes that most paths pass.

        Returns:
            the loss; its gradients, `[blocks, rows, dimension]` for `hidden` and `[head, dimension]` for the nodes;
            and the nodes' curvatures, `[head]`.
        """
        # 1 where the target's path goes by code 1, -1 where by 0, 0 where it does not pass: [blocks,
        # targets, head].
        ways = tf.gather(self._ways, tf.gather(self._way_of_word, targets))
        if weights.shape.rank == 3:
            passed = tf.matmul(weights, tf.abs(ways), transpose_a=True)  # [blocks, rows, head]
            balance = tf.matmul(weights, ways, transpose_a=True)
        else:
            passed = weights[..., None] * tf.abs(ways)
            balance = weights[..., None] * ways
        rows = tf.shape(hidden)[0] * tf.shape(hidden)[1]
        flat = tf.reshape(hidden, [rows, self.table.shape[1]])
        passed = tf.reshape(passed, [rows, self.head])
        by_code_1 = 0.5 * (passed + tf.reshape(balance, [rows, self.head]))
        nodes = self.table[: self.head]
        loss, error, bend = _answers(tf.matmul(flat, nodes, transpose_b=True), passed, by_code_1)
        return (
            loss,
            tf.reshape(tf.matmul(error, nodes), tf.shape(hidden)),
            tf.matmul(error, flat, transpose_a=True),
            tf.linalg.matvec(bend, _squared_norms(flat), transpose_a=True),
        )

    def _banded_tail(self, hidden, targets, weights):
        """Skip-gram: the rest of each target's path meets all hidden rows of its block.

        Returns:
            as `_head`, with the nodes' numbers, int32 `[n]`, before their gradients `[n, dimension]`.
        """
        step, owner, lengths = self._tail_steps(targets)
        columns = tf.shape(targets)[1]
        in_block = tf.reduce_sum(
            lengths, axis=1
        )  # each block's steps, which are padded to the most of any block
        real = tf.sequence_mask(in_block, dtype=tf.float32)[..., None]
        padded = tf.RaggedTensor.from_row_lengths(step, in_block, validate=False).to_tensor()
        owner = tf.RaggedTensor.from_row_lengths(owner % columns, in_block, validate=False).to_tensor()
        nodes = tf.gather(self._tail_nodes, padded)  # [blocks, steps]
        rows = tf.gather(self.table, nodes)
        passed = tf.gather(weights, owner, batch_dims=1) * real  # [blocks, steps, rows]
        by_code_1 = passed * tf.gather(self._tail_codes, padded)[..., None]
        loss, error, bend = _answers(tf.matmul(rows, hidden, transpose_b=True), passed, by_code_1)
        gradients = tf.matmul(error, hidden)
        return (
            loss,
            tf.matmul(error, rows, transpose_a=True),
            tf.reshape(nodes, [-1]),
            tf.reshape(gradients, [-1, self.table.shape[1]]),
            tf.reshape(tf.linalg.matvec(bend, _squared_norms(hidden)), [-1]),
        )

    def _paired_tail(self, hidden, targets, weights):
        """CBOW: the rest of each target's path meets the target's own hidden row; returns as `_banded_tail`."""
        step, owner, _ = self._tail_steps(targets)
        flat = tf.reshape(hidden, [-1, self.table.shape[1]])
        own = tf.gather(flat, owner)  # [steps, dimension]
        nodes = tf.gather(self._tail_nodes, step)
        rows = tf.gather(self.table, nodes)
        passed = tf.gather(tf.reshape(weights, [-1]), owner)
        by_code_1 = passed * tf.gather(self._tail_codes, step)
        loss, error, bend = _answers(tf.reduce_sum(own * rows, axis=1), passed, by_code_1)
        d_hidden = tf.math.unsorted_segment_sum(error[:, None] * rows, owner, tf.shape(flat)[0])
        return (
            loss,
            tf.reshape(d_hidden, tf.shape(hidden)),
            nodes,
            error[:, None] * own,
            bend * _squared_norms(own),
        )

    def _tail_steps(self, targets):
        """The tails of all targets, one behind the other.

        Returns:
            int32 `[n]`, places in `_tail_nodes`; int32 `[n]`, which of all targets each belongs to; and how many each
            target has, shaped like `targets`.
        """
        lengths = tf.gather(self._tail_lengths, targets)
        flat = tf.reshape(lengths, [-1])
        before = tf.cumsum(flat, exclusive=True)
        owner = tf.repeat(tf.range(tf.size(flat)), flat)
        starts = tf.gather(self._tail_starts, tf.reshape(targets, [-1])) - before
        return tf.gather(starts, owner) + tf.range(tf.size(owner)), owner, lengths


def _answers(logits, passed, by_code_1):
    """What `passed` questions with these logits cost, of which `by_code_1` are answered 1.

    Returns:
        the loss, a scalar; its first and its second derivative with respect to each logit.
    """
    probability = tf.sigmoid(logits)
    loss = tf.reduce_sum(passed * tf.math.softplus(logits) - by_code_1 * logits)
    mean = passed * probability
    return loss, mean - by_code_1, mean * (1.0 - probability)


def _squared_norms(vectors):
    return tf.reduce_sum(tf.square(vectors), axis=-1)


def _ways_through_the_head(tree: HuffmanTree, head: int) -> tuple[np.ndarray, np.ndarray]:
    """The head of a tree has one way out more than it has nodes; all words that leave it by one share its answers.

    Returns:
        float32 `[ways, head]`, 1 or -1 for the code with which the way leaves a node, 0 where it does not pass it;
        and int32 `[words]`, each word's way.
    """
    words = len(tree.splits) - 1
    in_head = tree.nodes < head
    word_of_step = np.repeat(np.arange(words), tree.lengths)
    # The head's part of a path comes first, and its last step names the way out.
    last = tree.splits[:-1] + np.bincount(word_of_step[in_head], minlength=words) - 1
    exits, first_word, way_of_word = np.unique(
        2 * tree.nodes[last].astype(np.int64) + tree.codes[last], return_index=True, return_inverse=True
    )
    ways = np.zeros((len(exits), head), np.float32)
    for way, word in enumerate(first_word):
        steps = slice(tree.splits[word], last[word] + 1)
        ways[way, tree.nodes[steps]] = np.where(tree.codes[steps] == 1, 1, -1)
    return ways, way_of_word.astype(np.int32)
