"""What every verb says on the terminal, and the exit status it leaves behind."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from typer.core import TyperGroup

from tfnlp.errors import UserError, WorkError

if TYPE_CHECKING:
    from rich.console import Console


class Commands(TyperGroup):
    """Turns the user's mistakes into a message and exit status 2, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except (UserError, WorkError) as error:
            print_line(str(error), mark="[bold red]error:[/] ", stderr=True)
            raise SystemExit(2 if isinstance(error, UserError) else 1) from None
        except KeyboardInterrupt:
            print_line("\nstopped", stderr=True)
            raise SystemExit(130) from None
        except BrokenPipeError:
            # Whoever read our output, `head` say, has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None


def console(stderr: bool = False) -> Console:
    """Where results (standard output) or messages (standard error) go."""
    from rich.console import Console

    return Console(stderr=stderr)


def print_line(text: str, *, mark: str = "", stderr: bool = False) -> None:
    """Prints a text as it is, in one line however narrow the terminal; `mark` stands before it as Rich's markup."""
    from rich.markup import escape

    console(stderr).print(mark + escape(text), highlight=False, soft_wrap=True)


def print_json(value: Any, indent: int | None = 2) -> None:
    """Prints a value for programs to read; texts and labels in their own script."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False) + "\n")
