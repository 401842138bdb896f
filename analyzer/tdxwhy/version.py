"""The version, a constant: reading package metadata would triple the start-up time."""

VERSION = "0.1.0"
