"""Asks a tagger's SavedModel; `fresh_process.py` runs it where nothing of tfnlp can be imported."""

MOST_BYTES = 1 << 20
OF_TOKENS = ("tags", "scores", "starts", "ends")
OF_SPANS = ("span_labels", "span_scores", "span_starts", "span_ends")


def ask(tf, np, model, texts, size, job):
    """Asks `serving_default` about texts and `tag_tokens` about sentences that are cut already.

    Texts go in batches of up to `size`, of mixed lengths, but where one is so long that padding the others to it would
    fill the memory.

    `job["sentences"]` holds for each text null, or its tokens.

    Returns:
        one value for each text: `lengths`, `span_lengths`. The answers to all texts one after the other: those named
        above, without their padding; tags and labels are bytes, and starts and ends of a sentence's tokens are 0.
        `odd`: rows whose `tokens` or `span_texts` are not the bytes that they say, whose padding is not empty, or whose
        spans do not lie at the characters that they say.
    """
    sentences = job["sentences"]
    found = {name: [None] * len(texts) for name in (*OF_TOKENS, *OF_SPANS)}
    odd = []
    for rows in _batches(texts, sentences, size):
        if sentences[rows[0]] is None:
            batch = [texts[row] for row in rows]
            answer = _numpy(model.signatures["serving_default"](text=tf.constant(batch, tf.string)))
            lengths = answer["lengths"]
        else:
            tokens = [[token.encode("utf-8", "surrogatepass") for token in sentences[row]] for row in rows]
            lengths = [len(some) for some in tokens]
            padded = [some + [b"padding"] * (max(lengths) - len(some)) for some in tokens]
            answer = _numpy(
                model.signatures["tag_tokens"](
                    tokens=tf.constant(padded, tf.string), lengths=tf.constant(lengths, tf.int32)
                )
            )
        for place, row in enumerate(rows):
            _take(np, found, row, answer, place, int(lengths[place]))
            if sentences[row] is None and not _is_cut_from(texts[row], answer, place):
                odd.append(row)
    joined = {name: np.concatenate(parts) for name, parts in found.items()}
    return {
        **{name: np.asarray(part, "S") if part.dtype == object else part for name, part in joined.items()},
        "lengths": np.asarray([len(part) for part in found["tags"]]),
        "span_lengths": np.asarray([len(part) for part in found["span_labels"]]),
        "odd": np.asarray(odd, np.int64),
    }


def _numpy(answer):
    return {name: tensor.numpy() for name, tensor in answer.items()}


def _batches(texts, sentences, size):
    rows, longest = [], 0
    for row, text in enumerate(texts):
        kind = sentences[row] is None
        wide = max(longest, len(text)) * (len(rows) + 1)
        if rows and (len(rows) == size or wide > MOST_BYTES or kind != (sentences[rows[0]] is None)):
            yield rows
            rows, longest = [], 0
        rows.append(row)
        longest = max(longest, len(text))
    if rows:
        yield rows


def _take(np, found, row, answer, place, length):
    spans = int(answer["span_lengths"][place])
    for name in OF_TOKENS:
        none = np.zeros(length, np.int32)  # a sentence's tokens lie in no text
        found[name][row] = answer[name][place][:length] if name in answer else none
    for name in OF_SPANS:
        found[name][row] = answer[name][place][:spans]


def _is_cut_from(text, answer, place):
    for pieces, starts, ends, lengths in (
        ("tokens", "starts", "ends", "lengths"),
        ("span_texts", "span_starts", "span_ends", "span_lengths"),
    ):
        length = int(answer[lengths][place])
        bounds = zip(answer[starts][place][:length].tolist(), answer[ends][place][:length].tolist())
        expected = [text[start:end] for start, end in bounds]
        given = answer[pieces][place].tolist()
        if given[:length] != expected or any(given[length:]):
            return False
    return _characters_fit(text, answer, place, length)


def _characters_fit(text, answer, place, spans):
    names = ("span_starts", "span_ends", "span_character_starts", "span_character_ends")
    starts, ends, *given = (answer[name][place][:spans].tolist() for name in names)
    done = characters = 0
    for start, end, *said in zip(starts, ends, *given):
        # Piece by piece: a megabyte may have hundreds of thousands of spans.
        first = characters + len(text[done:start].decode("utf-8", "replace"))
        characters = first + len(text[start:end].decode("utf-8", "replace"))
        done = end
        if said != [first, characters]:
            return False
    return True
