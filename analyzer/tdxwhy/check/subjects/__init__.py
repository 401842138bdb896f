"""What rules are asked about: messages of a log, print calls of a patch, remarks of a thread."""
