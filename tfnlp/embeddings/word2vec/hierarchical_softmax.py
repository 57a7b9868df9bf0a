"""Hierarchical softmax: a word is told by the yes-or-no answers on its way down a Huffman tree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfnlp.embeddings.word2vec.curvature_steps import descend_rows_by_curvature
from tfnlp.embeddings.word2vec.huffman import HuffmanTree, huffman_tree

# Inner nodes that at least one word in so many passes are the head, computed for every hidden row. More of them
# cost every row a product, fewer are looked up and moved again for each word that passes them.
HEAD_ONE_IN = 32
# Steps of a block's paths below the head that are computed at once: more of them pad the blocks whose words have
# short paths, fewer take more rounds.
TAIL_STEPS = 32


class HierarchicalSoftmax:
    """The loss of a pair is -log of the product of the answers' probabilities along the target's path.

    At an inner node with row n the way with code 1 has probability sigmoid(h . n). The rows near the root are
    passed by most words: they meet all hidden rows in one matrix product, and all the targets of a hidden row count
    at once. The rest of a path, the tail, is looked up word by word; a frequent word has none. Tails differ in
    length, and XLA wants to know all shapes: so each block's tails, one behind the other, are gone through in rounds of
    as many steps. A node that a block meets in two rounds is moved twice.

    Args:
        counts: int64 `[words]`, how often each word stands in the corpus.
        dimension: int, width of the vectors.

    Reference:
        Morin and Bengio, 2005, https://proceedings.mlr.press/r5/morin05a.html; the Huffman tree: Mikolov et al.,
        2013, section 2.1, https://arxiv.org/abs/1310.4546
    """

    def __init__(self, counts: np.ndarray, dimension: int):
        tree = huffman_tree(counts)
        nodes = len(tree.node_counts)
        self.table = tf.Variable(tf.zeros([nodes, dimension]), trainable=False)
        self._curvatures = tf.Variable(tf.zeros([nodes]), trainable=False)
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
        if weights.shape.rank == 2:
            # CBOW too as row by target, of which only the diagonal counts.
            weights = tf.linalg.diag(weights)
        norms = tf.reduce_sum(tf.square(hidden), axis=2)  # [blocks, rows], squared
        loss, d_hidden, gradients, curvatures = self._head(hidden, targets, weights, norms)
        if self.head < self.table.shape[0]:
            tail_loss, tail_d_hidden = self._tail(hidden, targets, weights, norms, learning_rate)
            loss, d_hidden = loss + tail_loss, d_hidden + tail_d_hidden
        head = tf.range(self.head)
        descend_rows_by_curvature(self.table, self._curvatures, head, gradients, curvatures, learning_rate)
        return lambda: loss, d_hidden

    def _head(self, hidden, targets, weights, norms):
        """All hidden rows against the nodes that most paths pass.

        Returns:
            the loss; its gradients, `[blocks, rows, dimension]` for `hidden` and `[head, dimension]` for the nodes;
            and the nodes' curvatures, `[head]`.
        """
        # 1 where the target's path goes by code 1, -1 where by 0, 0 where it does not pass: [blocks,
        # targets, head].
        ways = tf.gather(self._ways, tf.gather(self._way_of_word, targets))
        by_row = tf.transpose(weights, [0, 2, 1])
        answers = tf.matmul(by_row, tf.concat([tf.abs(ways), ways], 2))  # [blocks, rows, 2 * head]
        answers = tf.reshape(answers, [-1, 2 * self.head])
        passed, balance = answers[:, : self.head], answers[:, self.head :]
        flat = tf.reshape(hidden, [-1, self.table.shape[1]])
        nodes = self.table[: self.head]
        logits = tf.matmul(flat, nodes, transpose_b=True)
        loss, error, probability = _answers(logits, passed, 0.5 * (passed + balance))
        bend = passed * probability * (1.0 - probability) * tf.reshape(norms, [-1, 1])
        return (
            loss,
            tf.reshape(tf.matmul(error, nodes), tf.shape(hidden)),
            tf.matmul(error, flat, transpose_a=True),
            tf.reduce_sum(bend, axis=0),
        )

    def _tail(self, hidden, targets, weights, norms, learning_rate):
        """The rest of each target's path meets all hidden rows of its block; moves the nodes.

        Returns:
            the loss, and its gradient `[blocks, rows, dimension]` for `hidden`.
        """
        lengths = tf.gather(self._tail_lengths, targets)
        ends = tf.cumsum(lengths, axis=1)  # of each target's steps among those of its block
        begins = ends - lengths
        shifts = tf.gather(self._tail_starts, targets) - begins
        # What a sigmoid bends is nowhere above 1/4: of each target, its rows' curvatures in any node.
        bends = 0.25 * tf.linalg.matvec(weights, norms)
        most = tf.reduce_max(ends)

        def one_round(first, loss, d_hidden):
            number = (first + tf.range(TAIL_STEPS))[None, :, None]
            owns = (begins[:, None] <= number) & (number < ends[:, None])  # [blocks, steps, targets]
            # Beyond a block's last step nobody owns it: place 0, with weight 0.
            place = tf.reduce_sum(tf.where(owns, shifts[:, None] + number, 0), axis=2)
            owns = tf.cast(owns, tf.float32)
            nodes = tf.gather(self._tail_nodes, place)
            rows = tf.gather(self.table, nodes)  # [blocks, steps, dimension]
            passed = tf.transpose(tf.matmul(owns, weights), [0, 2, 1])  # [blocks, rows, steps]
            by_code_1 = passed * tf.gather(self._tail_codes, place)[:, None]
            logits = tf.matmul(hidden, rows, transpose_b=True)
            round_loss, error, _ = _answers(logits, passed, by_code_1)
            gradients = tf.matmul(_transposed(error), hidden)
            descend_rows_by_curvature(
                self.table,
                self._curvatures,
                tf.reshape(nodes, [-1]),
                tf.reshape(gradients, [-1, self.table.shape[1]]),
                tf.reshape(tf.linalg.matvec(owns, bends), [-1]),
                learning_rate,
            )
            return first + TAIL_STEPS, loss + round_loss, d_hidden + tf.matmul(error, rows)

        # One after the other: a round reads the rows that the one before has moved.
        _, loss, d_hidden = tf.while_loop(
            lambda first, *_: first < most,
            one_round,
            (0, tf.constant(0.0), tf.zeros_like(hidden)),
            parallel_iterations=1,
        )
        return loss, d_hidden


def _answers(logits, passed, by_code_1):
    """What `passed` questions with these logits cost, of which `by_code_1` are answered 1.

    Returns:
        the loss, a scalar; its derivative with respect to each logit; and the probabilities of code 1.
    """
    probability = tf.sigmoid(logits)
    loss = tf.reduce_sum(passed * tf.math.softplus(logits) - by_code_1 * logits)
    return loss, passed * probability - by_code_1, probability


def _transposed(matrices):
    """`[blocks, rows, steps]` → `[blocks, steps, rows]`, in a way that XLA leaves alone.

    A plain transpose becomes part of the product that it goes into, which on a CPU then takes 2.5 times as long.
    """
    half = TAIL_STEPS // 2
    parts = (matrices[:, :, :half], matrices[:, :, half:])
    return tf.concat([tf.transpose(part, [0, 2, 1]) for part in parts], 1)


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
