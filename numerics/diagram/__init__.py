"""Phase diagrams of any system: its thresholds as lines in a plane, where they end, fold, cross and merge."""
