"""Goes on with token ids: draws, searches and streams, for any model that can take one token more.

A model is a function `step(token_ids, state) -> (logits, state)`: the ids int32 `[batch]`, the logits of the token
after them float32 `[batch, vocabulary]`, the state a flat tuple of tensors `[batch, ...]` that keep their shapes. All
but `settings`, `random_numbers` and `numpy_choice`, which know no TensorFlow, runs in the graph.
"""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Beams": "beam",
        "Choice": "choice",
        "DecodingSettings": "settings",
        "Generated": "loop",
        "StopTexts": "stop_texts",
        "beam_search": "beam",
        "generate_ids": "loop",
        "prompt_streams": "streams",
        "read_prompts": "prompts",
        "TokenStream": "streaming",
    },
)
