"""Findings, diagnoses and verdicts as text, json, sarif, junit, html and mail."""
