"""Training: schedules, optimizers, checkpoints, and the trainer that puts them together."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "InverseSquareRoot": "schedules",
        "Progress": "checkpoint",
        "Trainer": "trainer",
        "build_optimizer": "optimizers",
        "describe_device": "devices",
        "learning_rate": "schedules",
        "load_checkpoint": "checkpoint",
        "save_checkpoint": "checkpoint",
        "seed_everything": "seeds",
    },
)
