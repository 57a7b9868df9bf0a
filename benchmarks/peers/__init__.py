"""The systems that tfnlp is measured against."""
