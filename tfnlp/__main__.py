"""`python -m tfnlp`."""

from tfnlp.cli import main

main()
