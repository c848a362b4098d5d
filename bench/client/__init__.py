"""What a click costs in a browser, against other ways to bring a page up to date: ``make bench-client``."""
