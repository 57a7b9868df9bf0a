import subprocess
import sys

ASK = """
import sys
from pathlib import Path
from tfnlp.export.copies import ask_tflite
ask_tflite(Path(sys.argv[1]), [b"a fine film"], [0])
"""


def test_the_phone_s_interpreter_announces_nothing(exports):
    # In a new process: it announces its delegate once.
    file = exports("text_cnn").lite_files["float32"]
    done = subprocess.run([sys.executable, "-c", ASK, file], capture_output=True, text=True, check=True)
    assert done.stderr == ""
