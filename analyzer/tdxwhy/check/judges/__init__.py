"""What the gate does with one input of each kind, to findings."""
