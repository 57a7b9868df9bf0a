"""The pages are held to what there is: their code runs, their links lead somewhere, they name all there is."""

import contextlib
import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tokenize
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tfnlp.cli import app
from tfnlp.encoders.registry import ENCODERS
from tfnlp.recipe_reference import recipe_reference
from tfnlp.text.registry import TOKENIZERS
from tfnlp.version import __version__

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "pipelines/*.md", "saved_models/README.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
# Blocks of these languages are shown, not run; with a file's name behind the language they are written to that file.
SHOWN = {"text", "toml", "csv", "json"}
WITHOUT_CODE = {"CHANGELOG.md", "docs/recipe.md", "docs/serving-protocol.md"}
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<language>\w*) ?(?P<name>[^\n]*)\n(?P<code>.*?)^```$",
    re.M | re.S,
)
_STATUS = re.compile(r"exit status (\d+)")


@dataclass
class Block:
    """A fenced block.

    The comment on the line before it says how it is treated: `not run: WHY`, `exit status N` (a command that
    is to fail), or `output` (what the block before prints). `figures:NAME` marks mean nothing here.
    """

    page: str
    line: int
    language: str
    name: str
    code: str
    mark: str

    def __str__(self):
        return f"{self.page}, line {self.line}"


def blocks_of(path):
    """All fenced blocks of a page."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n```") % 2 == 0, f"{path}: a fence is never closed"
    return [
        Block(
            path.relative_to(ROOT).as_posix(),
            text.count("\n", 0, match.start("code")),
            *(match[part] or "" for part in ("language", "name", "code", "mark")),
        )
        for match in _BLOCK.finditer(text)
    ]


class Page:
    """Runs blocks in a folder; Python blocks share their names."""

    def __init__(self, folder):
        self.folder = folder
        self.names = {"__name__": "__main__"}
        self.printed = ""

    def run(self, block):
        """Runs a block, or writes or checks it, whichever its language and mark ask for."""
        if block.mark.startswith("not run: "):
            return
        if block.mark == "output":
            assert block.code.split() == self.printed.split(), f"{block}: this was printed:\n{self.printed}"
        elif block.language == "python":
            self._python(block)
        elif block.language == "sh":
            self._shell(block)
        elif block.language in SHOWN:
            if block.name:
                (self.folder / block.name).write_text(block.code, encoding="utf-8")
        else:
            raise AssertionError(f"{block}: mark the language: python, sh, or one of {sorted(SHOWN)}")

    def _python(self, block):
        # Padded with line ends, so that a traceback names the page's own line.
        code = compile("\n" * block.line + block.code, block.page, "exec")
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, self.names)
        self.printed = printed.getvalue()

    def _shell(self, block):
        match = _STATUS.match(block.mark)
        expected = int(match[1]) if match else 0
        self.printed = ""
        commands = [line for line in block.code.replace("\\\n", " ").splitlines() if line.strip(" ")]
        for command in commands:
            status, output = self._command(command)
            self.printed += output
            assert status == expected, f"{block}: `{command}` ended with {status}:\n{output}"

    def _command(self, command):
        words = shlex.split(command, comments=True)
        if not words:
            return 0, ""
        if words[0] != "tfnlp" or {"|", ">", "&&"} & set(words):
            python = Path(sys.executable)
            done = subprocess.run(
                ["sh", "-ec", command],
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=False,
                env={"PATH": f"{python.parent}:/usr/bin:/bin", "LANG": "C.UTF-8"},
            )
            return done.returncode, done.stdout + done.stderr
        stdin = None
        if "<" in words:
            stdin = (self.folder / words[-1]).read_bytes()
            words = words[: words.index("<")]
        with contextlib.chdir(self.folder):
            result = CliRunner().invoke(app, words[1:], input=stdin, env={"COLUMNS": "80", "NO_COLOR": "1"})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout + (result.stderr if result.exit_code else "")


def run_page(name, folder):
    """Runs a whole page in a folder."""
    page = Page(folder)
    for block in blocks_of(ROOT / name):
        page.run(block)


@pytest.fixture(scope="session")
def first_model(tmp_path_factory):
    """The folder that docs/first-model.md leaves behind; other pages go on from there."""
    folder = tmp_path_factory.mktemp("first-model")
    run_page("docs/first-model.md", folder)
    return folder


def write_reviews(path, count=80):
    """A CSV file with columns `text` and `label`, no two rows alike."""
    words = {"positive": ["lovely", "好看", "fine"], "negative": ["dull", "难看", "awful"]}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for number in range(count):
            label = ("positive", "negative")[number % 2]
            writer.writerow([f"a {words[label][number // 2 % 3]} film, number {number}", label])


def test_readme(tmp_path):
    write_reviews(tmp_path / "reviews.csv")
    run_page("README.md", tmp_path)


def test_first_model(first_model):
    assert (first_model / "saved_models" / "reviews" / "1" / "saved_model.pb").is_file()


@pytest.mark.slow
def test_the_demos_server_is_asked_and_stopped(first_model):
    """`make demo` trains before; what it does after that is tried on the model of the pages."""
    paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
    done = subprocess.run(
        ["sh", str(ROOT / "pipelines" / "serve-and-ask.sh"), "saved_models/reviews", "这家店的服务很好"],
        cwd=first_model,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": os.pathsep.join(paths), "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    rest = json.loads(next(line for line in lines if line.startswith('{"predictions"')))["predictions"][0]
    grpc = next(line for line in lines if line.endswith("  这家店的服务很好")).split()
    assert grpc[:2] == [rest["label"], f"{rest['score']:.4f}"]
    assert lines[-1] == "the server has ended with status 0"


@pytest.mark.parametrize(
    "page",
    [
        "docs/export.md",
        "docs/serving.md",
        "docs/deploy.md",
        "docs/edge.md",
        pytest.param("docs/compare.md", marks=pytest.mark.slow),
    ],
)
def test_pages_that_go_on_from_the_first_model(page, first_model, tmp_path):
    shutil.copytree(first_model, tmp_path, dirs_exist_ok=True)
    run_page(page, tmp_path)


@pytest.mark.parametrize(
    "page",
    [
        "docs/text.md",
        "docs/vectors.md",
        "docs/word-vectors.md",
        "docs/ngram-language-models.md",
        "docs/language-models.md",
        pytest.param("docs/explain.md", marks=pytest.mark.slow),
        pytest.param("docs/tagging.md", marks=pytest.mark.slow),
        pytest.param("docs/gradients.md", marks=pytest.mark.slow),
        "CONTRIBUTING.md",
        "pipelines/README.md",
        "saved_models/README.md",
    ],
)
def test_pages_that_stand_alone(page, tmp_path):
    run_page(page, tmp_path)


def test_no_page_is_forgotten():
    run = {
        "README.md",
        "docs/first-model.md",
        "docs/export.md",
        "docs/serving.md",
        "docs/deploy.md",
        "docs/compare.md",
        "docs/edge.md",
        "docs/text.md",
        "docs/vectors.md",
        "docs/word-vectors.md",
        "docs/ngram-language-models.md",
        "docs/language-models.md",
        "docs/explain.md",
        "docs/tagging.md",
        "docs/gradients.md",
        "CONTRIBUTING.md",
    }
    run |= {"pipelines/README.md", "saved_models/README.md"}
    translations, others = {"README.zh-CN.md"}, {"benchmarks/README.md"}
    assert set(PAGES) - run - translations - others == WITHOUT_CODE
    assert not [block for page in WITHOUT_CODE for block in blocks_of(ROOT / page)]


def bare(block):
    """A block's code without comments and without what stands in strings."""
    if block.language == "sh":
        return re.sub(r'"[^"\n]*"|#[^\n]*', "", block.code)
    if block.language != "python":
        return block.code
    tokens = tokenize.generate_tokens(io.StringIO(block.code).readline)
    return [
        "string" if token.type == tokenize.STRING else token.string
        for token in tokens
        if token.type not in (tokenize.COMMENT, tokenize.NL)
    ]


def test_both_readmes_keep_step():
    english, chinese = (ROOT / name for name in ("README.md", "README.zh-CN.md"))
    levels = [re.findall(r"^(#+) ", page.read_text(encoding="utf-8"), re.M) for page in (english, chinese)]
    assert levels[0] == levels[1]
    for ours, theirs in zip(blocks_of(english), blocks_of(chinese), strict=True):
        assert (ours.language, ours.name, ours.mark.partition(":")[0]) == (
            theirs.language,
            theirs.name,
            theirs.mark.partition(":")[0],
        )
        assert bare(ours) == bare(theirs), f"{ours} and {theirs} differ"


def test_links_lead_somewhere():
    for page in PAGES:
        text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`(?!\])", "", text)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = (ROOT / page).parent / path if path else ROOT / page
            assert file.exists(), f"{page}: {target} leads nowhere"
            assert not anchor or anchor in anchors(file), f"{page}: {target} has no such heading"


def anchors(file):
    """The anchors of a page's headings, as they are made from their words."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_recipe_reference_is_the_schemas():
    written = (ROOT / "docs" / "recipe.md").read_text(encoding="utf-8")
    assert written == recipe_reference(), "run `make docs`"


def test_the_changelog_begins_with_this_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", changelog, re.M)[1] == __version__


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_names_every_encoder_and_tokenizer(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not [part for part in (*ENCODERS, *TOKENIZERS) if f"| `{part}` |" not in text]


def test_every_recipe_is_in_the_table():
    table = (ROOT / "pipelines" / "README.md").read_text(encoding="utf-8")
    missing = [path.name for path in ROOT.glob("pipelines/*.toml") if f"pipelines/{path.name}`" not in table]
    assert not missing
