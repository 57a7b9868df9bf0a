"""The kinds of casing by number, for the graph and its Python twin."""

# A casing's id is its place here; 0 is padding.
CASINGS = ("[PAD]", "lower", "upper", "title", "mixed", "digits", "other")
# Code points from the first to before the second: ASCII and full-width.
DIGIT_RANGES = ((0x30, 0x3A), (0xFF10, 0xFF1A))
