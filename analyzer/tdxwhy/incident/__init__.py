"""What went wrong after or beside host initialisation: the lines of every program of the stack, joined to incidents with causes."""
