"""What stands beside a log about its machine: sidecars, bundles and, turned round, what `tdxwhy collect` gathers."""
