import subprocess
import sys

import pytest

ASK = """
import sys
from pathlib import Path
import numpy as np
from tfnlp.export.copies import ask_tflite
from tfnlp.export.proof_texts import Proof, ProofText
proof = Proof([ProofText(b"a fine film")], np.zeros((1, 3), np.float32), ["a", "b", "c"], False)
ask_tflite(proof, Path(sys.argv[1]), [0])
"""


@pytest.mark.slow
def test_the_phone_s_interpreter_announces_nothing(exports):
    # In a new process: it announces its delegate once.
    file = exports("text_cnn").lite_files["float32"]
    done = subprocess.run([sys.executable, "-c", ASK, file], capture_output=True, text=True, check=True)
    assert done.stderr == ""
