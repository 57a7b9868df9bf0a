"""Training: schedules, optimizers, checkpoints, and the trainer that puts them together."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "GradientHealth": "gradient_health",
        "GradientMeter": "gradient_health",
        "GradientRecorder": "gradient_recorder",
        "InverseSquareRoot": "schedules",
        "Progress": "checkpoint",
        "Trainer": "trainer",
        "build_optimizer": "optimizers",
        "check_gradients": "gradient_check",
        "describe_device": "devices",
        "gradient_warnings": "gradient_trouble",
        "learning_rate": "schedules",
        "load_checkpoint": "checkpoint",
        "save_checkpoint": "checkpoint",
        "seed_everything": "seeds",
    },
)
