"""Bytes to records: one file per way a log or a mail reaches us. Knows nothing of TDX."""
