"""C run by symbols: what a function prints and returns in each of its failing cases."""
