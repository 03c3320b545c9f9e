"""What a forked process does with its job. Runs inside the sandbox: standard library and pytest only."""
