"""Rules over events, print sites, threads, verdicts and diagnoses, and what the gate does with one input."""
