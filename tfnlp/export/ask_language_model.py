"""Asks a language model's SavedModel; `fresh_process.py` runs it where nothing of tfnlp can be imported."""

import base64

# What is timed: a signature, its input and one of its outputs.
TIMED = ("score", "text", "log_probability")
MOST_BYTES = 1 << 16


def ask(tf, np, model, texts, size, job):
    """Asks `score` about texts, and `serving_default` and `generate` about prompts, in batches of up to `size`.

    `job["prompts"]` holds for each text null, or its prompt in base64.

    Returns:
        one value for each text: `log_probability`, `tokens`, `unknown`; `asked`, whether it has a prompt; `written`
        (base64), `written_tokens` and `written_log_probability`. And rows: `odd_perplexity`, whose `perplexity` is not
        that of the others; `other_drawn`, whose text with a seed is not the same in another batch.
    """
    score = model.signatures["score"]
    names = ("log_probability", "tokens", "unknown")
    found = {name: [None] * len(texts) for name in names}
    odd = []
    for rows in _batches(texts, size):
        answer = _numpy(score(text=tf.constant([texts[row] for row in rows], tf.string)))
        expected = np.exp(-answer["log_probability"] / answer["tokens"])
        for place, row in enumerate(rows):
            for name in names:
                found[name][row] = answer[name][place]
            if not np.isclose(answer["perplexity"][place], expected[place], rtol=1e-4):
                odd.append(row)

    asked = [row for row, prompt in enumerate(job["prompts"]) if prompt is not None]
    prompts = {row: base64.b64decode(job["prompts"][row]) for row in asked}
    written = [""] * len(texts)
    numbers = {name: np.zeros(len(texts)) for name in ("written_tokens", "written_log_probability")}
    other_drawn = []
    for start in range(0, len(asked), size):
        rows = asked[start : start + size]
        batch = [prompts[row] for row in rows]
        answer = _numpy(model.signatures["serving_default"](prompt=tf.constant(batch, tf.string)))
        drawn = _drawn(tf, model, batch)
        fewer = _drawn(tf, model, batch[: len(batch) // 2 + 1])
        for place, row in enumerate(rows):
            written[row] = base64.b64encode(answer["text"][place]).decode()
            numbers["written_tokens"][row] = answer["tokens"][place]
            numbers["written_log_probability"][row] = answer["log_probability"][place]
            if place < len(fewer) and drawn[place] != fewer[place]:
                other_drawn.append(row)
    return {
        **{name: np.asarray(part) for name, part in found.items()},
        **numbers,
        "asked": np.asarray([prompt is not None for prompt in job["prompts"]], bool),
        "written": np.asarray(written),
        "odd_perplexity": np.asarray(odd, np.int64),
        "other_drawn": np.asarray(other_drawn, np.int64),
    }


def _drawn(tf, model, prompts):
    rows = len(prompts)
    answer = model.signatures["generate"](
        prompt=tf.constant(prompts, tf.string),
        max_tokens=tf.fill([rows], 20),
        temperature=tf.ones([rows]),
        top_k=tf.zeros([rows], tf.int32),
        top_p=tf.ones([rows]),
        repetition_penalty=tf.ones([rows]),
        seed=tf.fill([rows], tf.constant(7, tf.int64)),
    )
    return answer["text"].numpy().tolist()


def _numpy(answer):
    return {name: tensor.numpy() for name, tensor in answer.items()}


def _batches(texts, size):
    rows, longest = [], 0
    for row, text in enumerate(texts):
        if rows and (len(rows) == size or max(longest, len(text)) * (len(rows) + 1) > MOST_BYTES):
            yield rows
            rows, longest = [], 0
        rows.append(row)
        longest = max(longest, len(text))
    if rows:
        yield rows
