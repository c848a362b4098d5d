"""What a call costs in process, as ratios to other libraries: ``make bench``."""
