"""Mails to a thread: who said what, open questions, promises, versions."""
