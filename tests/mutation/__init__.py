"""Mutation tests: what the suite would not notice."""
