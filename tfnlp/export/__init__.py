"""A trained task to TensorFlow Serving and to the edge, with the proof that every copy agrees."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "AWKWARD_TEXTS": "awkward_texts",
        "Agreement": "agreement",
        "AgreementError": "agreement",
        "CopyAgreement": "agreement",
        "ExportResult": "exporter",
        "agreement_table": "agreement",
        "check_ops": "ops",
        "convert_tflite": "tflite",
        "export": "exporter",
        "export_saved_model": "saved_model",
        "load_classifier": "loaded",
        "load_language_model": "loaded_language_model",
        "load_tagger": "loaded",
        "prove_agreement": "agreement",
        "verify": "exporter",
        "version_folder": "versions",
    },
)
