import contextlib
import csv
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner

from tfnlp.cli import app

WORDS = {"good": ["fine", "lovely", "好看"], "bad": ["dull", "awful", "难看"]}


def rows(count):
    """Labelled rows, no two alike."""
    found = []
    for number in range(count):
        label = ("good", "bad")[number % 2]
        word = WORDS[label][number // 2 % 3]
        found.append((f"a {word} film, number {number}", label))
    return found


def write_csv(path, found, header=("text", "label")):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *found])
    return path


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str

    def checked(self, status):
        if status is not None:
            assert self.returncode == status, f"exit status {self.returncode}\n{self.stdout}\n{self.stderr}"
            assert "Traceback" not in self.stderr
        return self


@pytest.fixture(scope="session")
def tfnlp():
    """A function that runs the command line in this process: TensorFlow takes seconds to load anew."""

    def run(*arguments, cwd, check=None, stdin=None):
        with contextlib.chdir(cwd):
            result = CliRunner().invoke(
                app,
                [str(argument) for argument in arguments],
                input=stdin,
                env={"COLUMNS": "200", "NO_COLOR": "1"},
            )
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr).checked(check)

    return run


@pytest.fixture(scope="session")
def tfnlp_process():
    """A function that runs the command line in a process of its own."""

    def run(*arguments, cwd, check=None, **environment):
        done = subprocess.run(
            [sys.executable, "-m", "tfnlp", *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
            env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **environment},
        )
        return Done(done.returncode, done.stdout, done.stderr).checked(check)

    return run


RECIPE = """
name = "films"
[corpus]
train = "films.csv"
[preprocessor]
max_tokens = 16
[encoder]
type = "text_cnn"
embedding_dim = 8
filter_sizes = [1, 2]
filters = 8
[task]
dropout = 0.1
[training]
epochs = 4
batch_size = 8
learning_rate = 0.02
early_stopping = 0
[evaluation]
baseline = true
"""


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """A folder with a corpus and a recipe."""
    folder = tmp_path_factory.mktemp("workplace")
    write_csv(folder / "films.csv", rows(120))
    (folder / "films.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="session")
def trained(workplace, tfnlp):
    """The run of that recipe."""
    tfnlp("train", "films.toml", cwd=workplace, check=0)
    return next((workplace / "runs" / "films").iterdir())


@pytest.fixture(scope="session")
def exported(trained, workplace, tfnlp):
    """Its export."""
    tfnlp("export", trained, "--out", "saved_models/films", "--lite", "float32,int8", cwd=workplace, check=0)
    return workplace / "saved_models" / "films" / "1"
