"""tdxwhy says why Intel TDX did not come up, from a kernel log, and what a patch will make users see."""
