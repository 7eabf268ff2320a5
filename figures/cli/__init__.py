"""The `ruggedflow` command: one module for each subcommand, imported when it runs."""
