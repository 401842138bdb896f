"""Can this machine be a TDX host, and what stands in the way: facts are read, checks judge them, the model says what a log would say."""
