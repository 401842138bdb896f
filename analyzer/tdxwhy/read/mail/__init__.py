"""Mails in every form in which a thread reaches us, one file for each, to `Mail` records."""
