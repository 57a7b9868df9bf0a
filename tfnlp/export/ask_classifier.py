"""Asks a classifier's SavedModel; `fresh_process.py` runs it where nothing of tfnlp can be imported."""


def ask(tf, np, model, texts, size, job):
    """Asks both signatures about all texts, in batches of `size`.

    Returns:
        `scores` and `classify_scores` `[texts, classes]`, `labels`, and `label_errors`, the rows whose `label` or
        `score` is not that of their highest score.
    """
    serve, classify = model.signatures["serving_default"], model.signatures["classify"]
    scores, classify_scores, label_errors, labels = [], [], [], []
    for start in range(0, len(texts), size):
        batch = texts[start : start + size]
        answer = {key: value.numpy() for key, value in serve(text=tf.constant(batch, tf.string)).items()}
        examples = [_example(tf, text) for text in batch]
        classes = classify(inputs=tf.constant(examples, tf.string))
        labels = labels or [label.decode() for label in answer["labels"][0]]
        for row, line in enumerate(answer["scores"]):
            best = int(line.argmax())
            if answer["label"][row].decode() != labels[best] or answer["score"][row] != line[best]:
                label_errors.append(start + row)
        scores.append(answer["scores"])
        classify_scores.append(classes["scores"].numpy())
    return {
        "scores": np.concatenate(scores),
        "classify_scores": np.concatenate(classify_scores),
        "label_errors": np.asarray(label_errors, np.int64),
        "labels": np.asarray(labels),
    }


def _example(tf, text):
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[text]))
    return tf.train.Example(features=tf.train.Features(feature={"text": feature})).SerializeToString()
