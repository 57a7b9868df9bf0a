"""Measurements of tfnlp beside its peers; one file per question, each prints one table."""
