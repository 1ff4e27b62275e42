"""Stage 1: a Git tree at a commit, or the working tree, -> posts."""
