"""The verbs of the command line: what each takes, and how its answer is shown. The work is done by the rooms beside."""
