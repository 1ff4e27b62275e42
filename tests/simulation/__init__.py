"""Workers, store and networks in simulated time, with faults by seed: the proof of "once, or clearly flagged unknown"."""
